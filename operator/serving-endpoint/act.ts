/** Owns the carrying out of a plan: what is written, in which order, and what a refusal means. */
import { annotations } from '../../crds/schema/api.ts';
import { entityReasons } from '../../crds/schema/reasons.ts';
import { ApiError, isAlreadyExists } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { controllerRevisions, deployments } from '../../kube/kinds.ts';
import type { ControllerRevision } from '../../kube/kinds.ts';
import { refOf } from '../../kube/resource.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import { takenBy } from '../children/check-child.ts';
import { describeChild } from '../children/apply-child.ts';
import type { Child, ChildWriter } from '../children/apply-child.ts';
import { explainObjectRefusal } from './diagnosis/explain-refusal.ts';
import type { EntityExplanation } from './explanation.ts';
import { fieldManager, scaleFieldManager } from './names.ts';
import type { Plan } from './plan.ts';
import { leftOver } from './plan-entities.ts';
import type { ActiveMark } from './plan-mark.ts';
import type { ScaleChange } from './plan-scales.ts';

export interface ActDeps {
  readonly client: KubeClient;
  readonly children: ChildWriter;
  readonly log: Logger;
}

/** By Deployment: what the cluster refused to have made. */
export type Refusals = ReadonlyMap<string, EntityExplanation>;

/** The plan rests on stores that are behind what this process itself wrote; the next look sees it. */
export const staleStores = 'STORES_BEHIND';

/**
 * Carries out the plan. What a person has to put right comes back as refusals; anything else is thrown, to be tried
 * again as a whole: every step is idempotent.
 *
 * @throws ApiError; AppError `STORES_BEHIND`, `REVISION_NOT_OWNED` and `REVISION_LEFT_OVER`.
 */
export async function act(plan: Plan, namespace: string, deps: ActDeps): Promise<Refusals> {
  const { client, log } = deps;
  const refusals = new Map<string, EntityExplanation>();
  if (plan.newRevision !== undefined) await createRevision(client, plan.newRevision);
  for (const child of plan.children) {
    // What comes after a refused object would only wait for it.
    if (refusals.has(child.deployment)) continue;
    const refusal = await applyOrExplain(child, deps);
    if (refusal !== undefined) refusals.set(child.deployment, refusal);
  }
  if (plan.mark !== undefined) await mark(client, namespace, plan.mark);
  for (const change of plan.scales) await scale(client, namespace, change);
  for (const { kind, name, uid, cause } of plan.removals) {
    await client.delete(
      kind,
      { name, namespace },
      { preconditions: { uid }, propagationPolicy: 'Background' },
    );
    log.info({ kind: kind.kind, name, cause }, 'object removed');
  }
  return refusals;
}

/** Created, never applied: the record of a config version is not to be changed by whoever comes second. */
async function createRevision(client: KubeClient, revision: ControllerRevision): Promise<void> {
  try {
    await client.create(controllerRevisions, revision, { fieldManager });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const live = await client.find(controllerRevisions, refOf(revision));
    const taken = live === undefined ? undefined : takenBy(revision, live);
    const what = describeChild(controllerRevisions, revision);
    if (taken === undefined) {
      throw new AppError(staleStores, 'the config version was recorded a moment ago', { retryable: true });
    }
    if (taken === 'leftOver') {
      throw new AppError('REVISION_LEFT_OVER', leftOver(what).message, { retryable: true });
    }
    throw new AppError('REVISION_NOT_OWNED', `${what} belongs to somebody else; delete or rename it`);
  }
}

async function mark(
  client: KubeClient,
  namespace: string,
  { revision, uid, since }: ActiveMark,
): Promise<void> {
  const metadata = { uid, annotations: { [annotations.activeSince]: since } };
  await client.mergePatch(controllerRevisions, { name: revision, namespace }, { metadata }, { fieldManager });
}

/** Returns why an object cannot be made as it should be. */
export async function applyOrExplain(child: Child, deps: ActDeps): Promise<EntityExplanation | undefined> {
  const what = describeChild(child.kind, child.wanted);
  try {
    const applied = await deps.children.apply(child);
    if (applied === 'applied') deps.log.info({ object: what }, 'object applied');
    if (applied === 'leftOver') return leftOver(what);
    if (applied !== 'notOwned') return undefined;
    return {
      reason: entityReasons.notOwned,
      message: `${what} belongs to somebody else; delete or rename it`,
    };
  } catch (error) {
    if (!(error instanceof ApiError) || !needsAPerson(error)) throw error;
    return explainObjectRefusal(what, error.message);
  }
}

const needsAPerson = ({ status }: ApiError): boolean => status === 400 || status === 403 || status === 422;

async function scale(client: KubeClient, namespace: string, change: ScaleChange): Promise<void> {
  const { deployment, resourceVersion, replicas } = change;
  await client.scale.mergePatch(
    deployments,
    { name: deployment, namespace },
    { metadata: { resourceVersion }, spec: { replicas } },
    { fieldManager: scaleFieldManager },
  );
}
