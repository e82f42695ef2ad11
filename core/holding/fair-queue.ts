/** Owns the order in which those who wait are let go: one of each flow in turn, and in order of arrival within a flow. */

interface Flow<Item> {
  /** They had their turn before and came back through no fault of theirs. */
  readonly returned: Set<Item>;
  readonly arrived: Set<Item>;
}

/** A flow is whoever shares fairly with the others, e.g. a principal. */
export class FairQueue<Item> {
  /** The first one has the next turn: a Map gives both order and removal from the middle. */
  readonly #flows = new Map<string, Flow<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Everybody, flow by flow. */
  *[Symbol.iterator](): IterableIterator<Item> {
    for (const { returned, arrived } of this.#flows.values()) {
      yield* returned;
      yield* arrived;
    }
  }

  /** Puts `item` in line, before the others of its flow where it `returns`. A new flow comes after all others. */
  add(flow: string, item: Item, returns = false): void {
    let entry = this.#flows.get(flow);
    if (entry === undefined) {
      entry = { returned: new Set(), arrived: new Set() };
      this.#flows.set(flow, entry);
    }
    (returns ? entry.returned : entry.arrived).add(item);
    this.#size += 1;
  }

  /** Returns whose turn it is; undefined when nobody waits. */
  peek(): Item | undefined {
    const [first] = this.#flows.values();
    return first === undefined ? undefined : firstOf(first);
  }

  /** Lets go whose turn it is; the next turn is another flow's. */
  shift(): Item | undefined {
    const [head] = this.#flows;
    if (head === undefined) return undefined;
    const [name, flow] = head;
    const item = firstOf(flow);
    if (item !== undefined) this.#take(flow, item);
    this.#flows.delete(name);
    if (countOf(flow) > 0) this.#flows.set(name, flow);
    return item;
  }

  /** Takes `item` out of the line; its flow keeps its place. Returns whether it was there. */
  remove(flow: string, item: Item): boolean {
    const entry = this.#flows.get(flow);
    if (entry === undefined || !this.#take(entry, item)) return false;
    if (countOf(entry) === 0) this.#flows.delete(flow);
    return true;
  }

  #take({ returned, arrived }: Flow<Item>, item: Item): boolean {
    const isTaken = returned.delete(item) || arrived.delete(item);
    if (isTaken) this.#size -= 1;
    return isTaken;
  }
}

function firstOf<Item>({ returned, arrived }: Flow<Item>): Item | undefined {
  const [item] = returned.size > 0 ? returned : arrived;
  return item;
}

const countOf = <Item>({ returned, arrived }: Flow<Item>): number => returned.size + arrived.size;
