/** Owns how the rows of the kind table become served kinds. */
import { referenceTo, resolveSchema } from '../schema/schema.ts';
import { allVerbs } from '../resources/resource-type.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { builtinColumns } from '../table/builtin-columns.ts';
import { noRules } from './kinds/small-kinds.ts';
import { builtinGroups } from './kind-table.ts';
import type { KindGroup, KindRow } from './kind-table.ts';

/** Returns every built-in kind, in the order of discovery. */
export function makeBuiltinTypes(): ResourceType[] {
  return builtinGroups.flatMap((group) => group.rows.map((row) => makeType(group, row)));
}

const identity: ResourceType['toStored'] = (object) => object;

function makeType(group: KindGroup, row: KindRow): ResourceType {
  const model = `${group.modelPrefix}.${row.kind}`;
  const qualified = group.group === '' ? row.plural : `${row.plural}.${group.group}`;
  return {
    group: group.group,
    version: group.version,
    kind: row.kind,
    listKind: `${row.kind}List`,
    plural: row.plural,
    singular: row.kind.toLowerCase(),
    shortNames: row.shortNames ?? [],
    categories: row.inAll === true ? ['all'] : [],
    namespaced: row.cluster !== true,
    schema: resolveSchema(referenceTo(model)),
    model,
    hasStatus: row.status === true,
    ...(row.scale === undefined ? {} : { scale: row.scale }),
    calls: row.calls ?? [],
    hasGeneration: row.generation === true,
    custom: false,
    verbs: row.verbs ?? allVerbs,
    columns: builtinColumns(qualified),
    strategy: row.strategy ?? noRules,
    storage: row.storage ?? qualified,
    toStored: row.toStored ?? identity,
    fromStored: row.fromStored ?? identity,
  };
}
