/** Owns the status of ResourceQuotas: what their namespace uses, told again whenever its pods change. */
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { LocalClient } from '../client/local-client.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { quotaStorage, usedIn } from './admission.ts';
import { amountText, podResourcesOf } from './pod-usage.ts';
import type { ResourceQuota } from './pod-usage.ts';

export interface QuotaControllerOptions {
  readonly store: ObjectStore;
  readonly client: LocalClient;
  readonly now: () => number;
  readonly log: Logger;
}

/** Follows pods and quotas until stopped. */
export function startQuotaController(options: QuotaControllerOptions): { stop(): Promise<void> } {
  const { store, log } = options;
  const dirty = new Set<string>();
  let scheduled: NodeJS.Immediate | undefined;
  const run = (): void => {
    scheduled = undefined;
    const namespaces = [...dirty];
    dirty.clear();
    for (const namespace of namespaces) {
      try {
        tellUsage(options, namespace);
      } catch (error) {
        log.error({ namespace, cause: messageOf(error) }, 'the use of quotas cannot be told');
      }
    }
  };
  const note = (namespace: string | undefined): void => {
    if (namespace === undefined || store.list(quotaStorage, namespace).items.length === 0) return;
    dirty.add(namespace);
    scheduled ??= setImmediate(run);
  };
  for (const quota of store.list(quotaStorage).items) note(quota.metadata.namespace);
  const subscription = store.subscribeAll(({ storage, object }) => {
    if (storage === 'pods' || storage === quotaStorage) note(object.metadata.namespace);
  });
  return {
    stop: () => {
      subscription.stop();
      clearImmediate(scheduled);
      return Promise.resolve();
    },
  };
}

function tellUsage({ store, client, now }: QuotaControllerOptions, namespace: string): void {
  const used = usedIn(store, namespace, now());
  const quotas = client.resource<ResourceQuota>('v1', 'ResourceQuota');
  for (const quota of quotas.list({ namespace })) {
    const resources = podResourcesOf(quota);
    const status = {
      hard: { ...quota.spec?.hard },
      used: Object.fromEntries(
        resources.map((resource) => [resource, amountText(resource, used.get(resource) ?? 0n)]),
      ),
    };
    // What has not changed is not written: the store would tell of it, and it would be told again.
    if (!isDeepStrictEqual(quota.status, status)) quotas.updateStatus({ ...quota, status });
  }
}
