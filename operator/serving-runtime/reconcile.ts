/** Owns the reconcile of one runtime: a pod is made of it for a sample model, and the status says how that went. */
import { canonicalJson } from '../../core/config-versions/canonical-json.ts';
import { servingRuntimeSpecSchema } from '../../crds/schema/serving-runtime.ts';
import type { ClusterServingRuntime, ServingRuntime } from '../../crds/schema/serving-runtime.ts';
import { ApiError, isForbidden } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { done } from '../../kube/controller.ts';
import type { Reconcile } from '../../kube/controller.ts';
import { deployments } from '../../kube/kinds.ts';
import type { Deployment } from '../../kube/kinds.ts';
import type { ResourceKind } from '../../kube/resource.ts';
import type { Store } from '../../kube/store.ts';
import type { Clock } from '../../platform/clock.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { fieldManager } from '../serving-endpoint/names.ts';
import { checkRuntime } from './check-runtime.ts';
import type { RuntimeCheck } from './check-runtime.ts';
import { runtimeStatus } from './runtime-status.ts';

export interface RuntimeReconcileDeps<Runtime extends ServingRuntime | ClusterServingRuntime> {
  readonly kind: ResourceKind<Runtime>;
  readonly store: Pick<Store<Runtime>, 'get'>;
  readonly client: KubeClient;
  readonly config: OperatorConfig;
  readonly clock: Clock;
}

/** Returns the reconcile function of one kind of runtimes. */
export function makeRuntimeReconcile<Runtime extends ServingRuntime | ClusterServingRuntime>(
  deps: RuntimeReconcileDeps<Runtime>,
): Reconcile {
  const { kind, store, client, clock } = deps;
  return async (key) => {
    const runtime = store.get(key);
    if (runtime === undefined || runtime.metadata.deletionTimestamp !== undefined) return done;
    const { name, namespace, resourceVersion, generation = 0 } = runtime.metadata;
    const status = runtimeStatus({
      generation,
      disabled: runtime.spec.disabled,
      problems: await problemsOf(runtime, deps),
      previous: runtime.status?.conditions ?? [],
      now: clock.now(),
    });
    if (canonicalJson(status) === canonicalJson(runtime.status ?? {})) return done;
    // Objects of a list come without kind and version.
    const written = {
      apiVersion: `${kind.group}/${kind.version}`,
      kind: kind.kind,
      metadata: { name, namespace, resourceVersion },
      status,
    };
    await client.status.apply(kind, written as unknown as Runtime, { fieldManager });
    return done;
  };
}

async function problemsOf(
  runtime: ServingRuntime | ClusterServingRuntime,
  deps: Pick<RuntimeReconcileDeps<ServingRuntime>, 'client' | 'config'>,
): Promise<readonly string[]> {
  const parsed = servingRuntimeSpecSchema.safeParse(runtime.spec);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `spec.${path.join('.')}: ${message}`);
    return [
      `the spec cannot be read: ${issues.join(', ')}; are the CRDs of this version of Fairlead installed?`,
    ];
  }
  const { name, namespace, generation, creationTimestamp: createdAt = '' } = runtime.metadata;
  const scope = namespace === undefined ? 'cluster' : 'namespace';
  const candidate = { name, scope, generation, createdAt, spec: parsed.data } as const;
  const place = namespace ?? deps.config.systemNamespace;
  const { problems, sample } = checkRuntime(candidate, deps.config, place);
  return [...problems, ...(await refusalOf(sample, deps.client))];
}

/**
 * Asks the API server, without having anything made: it alone knows every field of a pod. What a quota or a policy of
 * this one namespace says against it says nothing of the runtime.
 */
async function refusalOf(sample: RuntimeCheck['sample'], client: KubeClient): Promise<string[]> {
  if (sample === undefined) return [];
  const { ownerReferences: _owner, ...metadata } = sample.metadata ?? {};
  const asked: Deployment = { ...sample, metadata };
  try {
    await client.create(deployments, asked, { dryRun: true, fieldManager });
    return [];
  } catch (error) {
    if (isForbidden(error)) return [];
    if (!(error instanceof ApiError) || (error.status !== 400 && error.status !== 422)) throw error;
    return [`the cluster refuses its pods: ${error.message}`];
  }
}
