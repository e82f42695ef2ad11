/** Owns doing one thing for many items, a bounded number at a time. */

/** Resolves when `act` has been done for every item; the first failure ends it. */
export async function sideBySide<Item>(
  width: number,
  items: Iterable<Item>,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) await act(next.value);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
