/** Owns deletion: preconditions, grace, finalizers, and how dependents are to be treated. */
import { claimsOf } from '../apply/managed-fields.ts';
import { withManagedFields } from '../apply/apply.ts';
import { badRequest, conflict } from '../errors/api-error.ts';
import type { DeleteOptions } from '../client/local-client.ts';
import { isObject } from '../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import type { Core, RequestContext } from './request-context.ts';
import { timestamp } from './request-context.ts';
import type { Course } from './course.ts';
import { checkNotOvertaken, getLive, isFinished } from './update.ts';

export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';

const policies = ['Background', 'Foreground', 'Orphan'] as const;

type PropagationPolicy = NonNullable<DeleteOptions['propagationPolicy']>;

/** @throws ApiError 400 where the body is no DeleteOptions. */
export function parseDeleteOptions(body: unknown): DeleteOptions {
  if (body === undefined) return {};
  if (!isObject(body)) throw badRequest('the body of a delete must be DeleteOptions');
  const { gracePeriodSeconds, preconditions } = body;
  if (gracePeriodSeconds != null && !Number.isInteger(gracePeriodSeconds)) {
    throw badRequest('gracePeriodSeconds must be an integer');
  }
  const propagationPolicy = parsePolicy(body);
  return {
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(typeof gracePeriodSeconds === 'number' ? { gracePeriodSeconds } : {}),
    ...(isObject(preconditions) ? { preconditions } : {}),
  };
}

function parsePolicy({ propagationPolicy, orphanDependents }: JsonObject): PropagationPolicy | undefined {
  if (propagationPolicy == null) return orphanDependents === true ? 'Orphan' : undefined;
  const known = policies.find((policy) => policy === propagationPolicy);
  if (known !== undefined) return known;
  throw badRequest(
    `invalid propagationPolicy: ${JSON.stringify(propagationPolicy)}, must be one of ${policies.join(', ')}`,
  );
}

/**
 * Deletes an object, or marks it for deletion where something must happen first. Returns the object in its last or
 * marked state, and whether it is gone.
 *
 * @throws ApiError 404; 409 where a precondition does not hold.
 */
export function* deleteObject(
  core: Core,
  type: ResourceType,
  target: { readonly namespace: string | undefined; readonly name: string },
  options: DeleteOptions,
  request: RequestContext,
): Course<{ readonly object: KubeObject; readonly gone: boolean }> {
  const live = getLive(core, type, target);
  checkPreconditions(type, live, options);
  for (const phase of ['mutate', 'validate'] as const) {
    const about = {
      operation: 'DELETE',
      subresource: undefined,
      object: undefined,
      oldObject: live,
    } as const;
    yield { ...about, ...target, phase, type, request };
  }
  checkNotOvertaken(core, type, live);
  const marked = markForDeletion(core, type, live, options);
  const gone = isFinished(marked);
  if (request.dryRun) return { object: marked, gone };
  if (gone) {
    const last = core.store.remove(type.storage, target.namespace, target.name);
    return { object: type.fromStored(last ?? marked), gone };
  }
  const stored = marked === live ? live : core.store.put(type.storage, type.toStored(marked));
  return { object: type.fromStored(stored), gone };
}

function checkPreconditions(type: ResourceType, live: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { metadata } = live;
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`;
    throw conflict(type, metadata.name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`;
    throw conflict(type, metadata.name, why);
  }
}

/** Returns the object as its deletion leaves it for now; the object itself where it was marked the same before. */
function markForDeletion(
  core: Core,
  type: ResourceType,
  live: KubeObject,
  options: DeleteOptions,
): KubeObject {
  const { metadata } = live;
  const grace = gracePeriod(type, live, options);
  const current = metadata.finalizers ?? [];
  const finalizers = finalizersFor(current, options);
  const isMarked = metadata.deletionTimestamp !== undefined;
  const sameGrace = grace >= (metadata.deletionGracePeriodSeconds ?? 0);
  if (isMarked && sameGrace && finalizers === current) return live;
  const { finalizers: _old, ...rest } = metadata;
  return withManagedFields(
    {
      ...withTerminatingPhase(live),
      metadata: {
        ...rest,
        ...(finalizers.length === 0 ? {} : { finalizers: [...finalizers] }),
        ...(isMarked && sameGrace
          ? {}
          : {
              deletionTimestamp: timestamp(core.clock.now() + grace * 1_000),
              deletionGracePeriodSeconds: grace,
            }),
        ...(type.hasGeneration && !isMarked ? { generation: (metadata.generation ?? 0) + 1 } : {}),
      },
    },
    claimsOf(live),
  );
}

function gracePeriod(type: ResourceType, live: KubeObject, options: DeleteOptions): number {
  const own = type.strategy.gracePeriodSeconds?.(live) ?? 0;
  return own === 0 ? 0 : Math.max(options.gracePeriodSeconds ?? own, 0);
}

/** Returns the same array where nothing changes. */
function finalizersFor(current: readonly string[], options: DeleteOptions): readonly string[] {
  const wanted =
    options.propagationPolicy === 'Foreground'
      ? foregroundFinalizer
      : options.propagationPolicy === 'Orphan'
        ? orphanFinalizer
        : undefined;
  return wanted === undefined || current.includes(wanted) ? current : [...current, wanted];
}

function withTerminatingPhase(live: KubeObject): KubeObject {
  if (live.kind !== 'Namespace') return live;
  return { ...live, status: { phase: 'Terminating' } } as KubeObject;
}
