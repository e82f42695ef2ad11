/** Owns which public name a label of a host name stands for: host names know no capitals, public names do. */

export class HostLabels {
  /** `namespace/label` → public names that are that label in lower case, sorted. */
  readonly #names = new Map<string, readonly string[]>();

  /** Notes that `publicName` is one of the namespace's; again is no harm. */
  add(namespace: string, publicName: string): void {
    const key = keyOf(namespace, publicName);
    this.#names.set(key, [...new Set([...(this.#names.get(key) ?? []), publicName])].sort());
  }

  remove(namespace: string, publicName: string): void {
    const key = keyOf(namespace, publicName);
    const rest = (this.#names.get(key) ?? []).filter((name) => name !== publicName);
    if (rest.length === 0) this.#names.delete(key);
    else this.#names.set(key, rest);
  }

  /**
   * Returns the public name; `label` itself where no endpoint has one. Of several that differ in their capitals alone it is
   * the one that is the label, else the first in the order of their letters: every gateway takes the same.
   */
  find(namespace: string, label: string): string {
    const names = this.#names.get(keyOf(namespace, label)) ?? [];
    return names.includes(label) ? label : (names[0] ?? label);
  }
}

const keyOf = (namespace: string, name: string): string => `${namespace}/${name.toLowerCase()}`;
