/** Owns which references a write exposes anew: those of every part that it changes in more than its scale. */
import { isDeepStrictEqual } from 'node:util';
import { referencesIn } from './references.ts';
import type { Reference } from './references.ts';
import type { ReviewedObject, Write } from './review.ts';

type Entity = Readonly<Record<string, unknown>>;

/**
 * Returns the Secrets and service accounts that the writer has to be allowed to use. Those of a served entity count when
 * the entity is new or changed: another model, image or host gets hold of what it refers to, though the reference stays
 * as it was. Scale alone gives nothing to anybody.
 */
export function exposedReferences({
  kind,
  object,
  old,
}: Pick<Write, 'kind' | 'object' | 'old'>): Reference[] {
  if (isDeepStrictEqual(object.spec, old?.spec)) return [];
  if (kind !== 'ServingEndpoint') return referencesIn(object.spec, 'spec');
  const { servedEntities: _entities, ...rest } = object.spec;
  const { servedEntities: _oldEntities, ...oldRest } = old?.spec ?? {};
  const before = old === undefined ? [] : entitiesOf(old);
  return [
    ...(isDeepStrictEqual(rest, oldRest) ? [] : referencesIn(rest, 'spec')),
    ...entitiesOf(object).flatMap((entity, index) => {
      const same = before.find(({ name }) => name === entity['name']);
      const isKept = same !== undefined && isDeepStrictEqual(withoutScale(same), withoutScale(entity));
      return isKept ? [] : referencesIn(entity, `spec.servedEntities[${index}]`);
    }),
  ];
}

function entitiesOf({ spec }: ReviewedObject): Entity[] {
  const entities = spec['servedEntities'];
  return Array.isArray(entities) ? (entities as unknown[]).filter(isEntity) : [];
}

const isEntity = (value: unknown): value is Entity => typeof value === 'object' && value !== null;

/** The type stays: where no runtime is named it has a say in which one is chosen, and so in whose image runs. */
function withoutScale({ workload, ...entity }: Entity): Entity {
  return { ...entity, type: isEntity(workload) ? workload['type'] : undefined };
}
