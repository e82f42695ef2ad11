/** Owns the fields of a value as a set, and what changed between two values. */
import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../objects/kube-object.ts';
import type { Schema } from '../schema/schema.ts';
import { FieldSet } from './field-set.ts';
import type { PathElement } from './field-set.ts';
import { isDeclared, structureOf } from './structure.ts';
import type { Part, Structure } from './structure.ts';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const nothing: Comparison = { added: FieldSet.empty, modified: FieldSet.empty, removed: FieldSet.empty };

/** Returns the paths that a manager who wrote `value` claims. */
export function fieldSetOf(value: unknown, schema: Schema): FieldSet {
  const structure = structureOf(value, schema);
  if (structure.form === 'whole') return FieldSet.empty;
  const members = new Set<PathElement>();
  const children = new Map<PathElement, FieldSet>();
  for (const part of structure.parts) {
    if (isMember(structure, part, schema)) members.add(part.element);
    children.set(part.element, fieldSetOf(part.value, part.schema));
  }
  return new FieldSet(members, children);
}

/** A part is itself a member unless it is a declared field that divides further. */
function isMember(structure: Structure, part: Part, schema: Schema): boolean {
  if (structure.form === 'entries' || !isDeclared(schema, part.element)) return true;
  const below = structureOf(part.value, part.schema);
  if (below.form === 'whole') return true;
  return below.form === 'fields' && isObject(part.value) && below.parts.length === 0;
}

/** Returns which paths `after` added to `before`, changed and removed. */
export function compareValues(before: unknown, after: unknown, schema: Schema): Comparison {
  if (before === after) return nothing;
  const old = structureOf(before, schema);
  const fresh = structureOf(after, schema);
  const oldParts = new Map(partsOf(old).map((part) => [part.element, part]));
  const freshParts = new Map(partsOf(fresh).map((part) => [part.element, part]));
  const parts = [...new Set([...oldParts.keys(), ...freshParts.keys()])].map((element) => ({
    element,
    ...comparePart(oldParts.get(element), freshParts.get(element), {
      old,
      fresh,
      schema,
    }),
  }));
  return {
    added: collect(parts, 'added', 'addedBelow'),
    modified: collect(parts, 'modified', 'modifiedBelow'),
    removed: collect(parts, 'removed', 'removedBelow'),
  };
}

interface PartComparison {
  readonly added: boolean;
  readonly modified: boolean;
  readonly removed: boolean;
  readonly addedBelow: FieldSet;
  readonly modifiedBelow: FieldSet;
  readonly removedBelow: FieldSet;
}

const samePart: PartComparison = {
  added: false,
  modified: false,
  removed: false,
  addedBelow: FieldSet.empty,
  modifiedBelow: FieldSet.empty,
  removedBelow: FieldSet.empty,
};

function comparePart(
  old: Part | undefined,
  fresh: Part | undefined,
  around: { readonly old: Structure; readonly fresh: Structure; readonly schema: Schema },
): PartComparison {
  const { schema } = around;
  if (old === undefined && fresh !== undefined) {
    return {
      ...samePart,
      added: isMember(around.fresh, fresh, schema),
      addedBelow: fieldSetOf(fresh.value, fresh.schema),
    };
  }
  if (fresh === undefined && old !== undefined) {
    return {
      ...samePart,
      removed: isMember(around.old, old, schema),
      removedBelow: fieldSetOf(old.value, old.schema),
    };
  }
  if (old === undefined || fresh === undefined || old.value === fresh.value) return samePart;
  const oldForm = structureOf(old.value, old.schema).form;
  const freshForm = structureOf(fresh.value, fresh.schema).form;
  if (oldForm === 'whole' && freshForm === 'whole') {
    return { ...samePart, modified: !isDeepStrictEqual(old.value, fresh.value) };
  }
  const below = compareValues(old.value, fresh.value, fresh.schema);
  return {
    added: !isMember(around.old, old, schema) && isMember(around.fresh, fresh, schema),
    modified: oldForm !== freshForm,
    removed: isMember(around.old, old, schema) && !isMember(around.fresh, fresh, schema),
    addedBelow: below.added,
    modifiedBelow: below.modified,
    removedBelow: below.removed,
  };
}

function collect(
  parts: readonly (PartComparison & { readonly element: PathElement })[],
  own: 'added' | 'modified' | 'removed',
  below: 'addedBelow' | 'modifiedBelow' | 'removedBelow',
): FieldSet {
  const members = new Set(parts.filter((part) => part[own]).map((part) => part.element));
  return new FieldSet(members, new Map(parts.map((part) => [part.element, part[below]])));
}

const partsOf = (structure: Structure): readonly Part[] =>
  structure.form === 'whole' ? [] : structure.parts;
