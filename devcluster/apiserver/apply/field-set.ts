/** Owns sets of field paths: which fields a manager claims, in the FieldsV1 form of `managedFields`. */
import type { JsonObject } from '../objects/kube-object.ts';
import { isObject } from '../objects/kube-object.ts';

/**
 * A path element as FieldsV1 writes it: `f:<name>`, `k:<JSON of the key fields>` for an entry of a list map,
 * `v:<JSON>` for an entry of a set.
 */
export type PathElement = string;
export type FieldPath = readonly PathElement[];

/** An immutable trie of paths; a path can be in the set, have paths below it in the set, or both. */
export class FieldSet {
  readonly members: ReadonlySet<PathElement>;
  readonly children: ReadonlyMap<PathElement, FieldSet>;

  static readonly empty = new FieldSet(new Set(), new Map());

  constructor(members: ReadonlySet<PathElement>, children: ReadonlyMap<PathElement, FieldSet>) {
    this.members = members;
    this.children = new Map([...children].filter(([, child]) => !child.isEmpty));
  }

  static of(paths: Iterable<FieldPath>): FieldSet {
    const members = new Set<PathElement>();
    const below = new Map<PathElement, FieldPath[]>();
    for (const [first, ...rest] of paths) {
      if (first === undefined) continue;
      if (rest.length === 0) members.add(first);
      else below.set(first, [...(below.get(first) ?? []), rest]);
    }
    return new FieldSet(
      members,
      new Map([...below].map(([element, tails]) => [element, FieldSet.of(tails)])),
    );
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.children.size === 0;
  }

  child(element: PathElement): FieldSet {
    return this.children.get(element) ?? FieldSet.empty;
  }

  /** Whether the path `element` or any path below it is in the set. */
  touches(element: PathElement): boolean {
    return this.members.has(element) || this.children.has(element);
  }

  union(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    if (this.isEmpty) return other;
    const elements = new Set([...this.children.keys(), ...other.children.keys()]);
    return new FieldSet(
      this.members.union(other.members),
      new Map([...elements].map((element) => [element, this.child(element).union(other.child(element))])),
    );
  }

  intersection(other: FieldSet): FieldSet {
    return new FieldSet(
      this.members.intersection(other.members),
      new Map(
        [...this.children].map(([element, child]) => [element, child.intersection(other.child(element))]),
      ),
    );
  }

  difference(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    return new FieldSet(
      this.members.difference(other.members),
      new Map(
        [...this.children].map(([element, child]) => [element, child.difference(other.child(element))]),
      ),
    );
  }

  /** Returns the set without `other`'s paths and without everything below them. */
  recursiveDifference(other: FieldSet): FieldSet {
    return new FieldSet(
      this.members.difference(other.members),
      new Map(
        [...this.children]
          .filter(([element]) => !other.members.has(element))
          .map(([element, child]) => [element, child.recursiveDifference(other.child(element))]),
      ),
    );
  }

  equals(other: FieldSet): boolean {
    return (
      this.members.size === other.members.size &&
      this.children.size === other.children.size &&
      this.members.isSubsetOf(other.members) &&
      [...this.children].every(([element, child]) => child.equals(other.child(element)))
    );
  }

  /** Returns the paths in a stable order. */
  *paths(prefix: FieldPath = []): Generator<FieldPath> {
    const elements = [...new Set([...this.members, ...this.children.keys()])].sort();
    for (const element of elements) {
      const path = [...prefix, element];
      if (this.members.has(element)) yield path;
      yield* this.child(element).paths(path);
    }
  }

  toFieldsV1(): JsonObject {
    const elements = [...new Set([...this.members, ...this.children.keys()])].sort();
    return Object.fromEntries(
      elements.map((element) => {
        const below = this.child(element).toFieldsV1();
        const both = this.members.has(element) && this.children.has(element);
        return [element, both ? { '.': {}, ...below } : below];
      }),
    );
  }

  /** Reads FieldsV1; what is not in that form is left out, as a foreign claim that nobody can hold. */
  static fromFieldsV1(fields: unknown): FieldSet {
    const members = new Set<PathElement>();
    const children = new Map<PathElement, FieldSet>();
    for (const [element, below] of Object.entries(isObject(fields) ? fields : {})) {
      if (element === '.' || !isObject(below)) continue;
      if (Object.keys(below).length === 0 || '.' in below) members.add(element);
      children.set(element, FieldSet.fromFieldsV1(below));
    }
    return new FieldSet(members, children);
  }
}

/** Returns a path as conflict messages show it: `.spec.containers[name="web"].image`. */
export function pathText(path: FieldPath): string {
  return path
    .map((element) => {
      const rest = element.slice(2);
      if (element.startsWith('f:')) return `.${rest}`;
      if (element.startsWith('v:')) return `[=${rest}]`;
      const keys = Object.entries(JSON.parse(rest) as JsonObject);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}
