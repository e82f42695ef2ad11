/** Owns the `Available` condition of aggregated APIs: whether their backends answer, and what they serve. */
import { messageOf } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { LocalClient } from '../client/local-client.ts';
import type { DiscoveredResource } from '../discovery/discovery.ts';
import { isObject, objectAt, objectsAt } from '../objects/kube-object.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { timestamp } from '../pipeline/request-context.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { apiServiceStorage, isRemote } from './aggregator.ts';
import type { RunningAggregator } from './aggregator.ts';

const probeMs = 5_000;
const probeTimeoutMs = 5_000;
const prober = { username: 'system:kube-aggregator', groups: ['system:masters'] };

export interface ProbeOptions {
  readonly store: ObjectStore;
  readonly client: LocalClient;
  readonly aggregator: RunningAggregator;
  readonly now: () => number;
  readonly log: Logger;
}

/** Probes every backend now and then, and when its registration or an endpoint changes, until stopped. */
export function startProbes(options: ProbeOptions): { stop(): Promise<void> } {
  const { store } = options;
  let isStopped = false;
  let isWaiting = false;
  let running: Promise<void> = Promise.resolve();
  const remoteServices = (): KubeObject[] => store.list(apiServiceStorage).items.filter(isRemote);
  const probeAll = (): void => {
    // One round waits at most: it will see whatever changes until it begins.
    if (isWaiting) return;
    isWaiting = true;
    running = running
      .then(async () => {
        isWaiting = false;
        if (!isStopped) await Promise.all(remoteServices().map((service) => probe(options, service)));
      })
      // The next round comes all the same.
      .catch((error: unknown) => options.log.error({ error }, 'aggregated APIs cannot be probed'));
  };
  const timer = setInterval(probeAll, probeMs);
  const subscription = store.subscribeAll((change) => {
    const isRegistration = change.storage === apiServiceStorage && change.previous === undefined;
    const isEndpoint = change.storage === 'endpointslices.discovery.k8s.io';
    if (isRegistration || (isEndpoint && remoteServices().length > 0)) probeAll();
  });
  probeAll();
  return {
    stop: async () => {
      isStopped = true;
      clearInterval(timer);
      subscription.stop();
      await running;
    },
  };
}

async function probe(options: ProbeOptions, service: KubeObject): Promise<void> {
  const { name } = service.metadata;
  const { group, version } = objectAt(service, 'spec') as { group: string; version: string };
  const path = `/apis/${group}/${version}`;
  try {
    const list = await withDeadline(options.aggregator.getJson(group, version, path, prober));
    const resources = isObject(list) ? objectsAt(list, 'resources') : [];
    options.aggregator.setResources(name, resources as unknown as DiscoveredResource[]);
    report(options, name, { status: 'True', reason: 'Passed', message: 'all checks passed' });
  } catch (error) {
    const message = `failing or missing response from ${path}: ${messageOf(error)}`;
    report(options, name, { status: 'False', reason: 'FailedDiscoveryCheck', message });
  }
}

async function withDeadline<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${probeTimeoutMs} ms`)), probeTimeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function report(
  options: ProbeOptions,
  name: string,
  outcome: { readonly status: string; readonly reason: string; readonly message: string },
): void {
  const resource = options.client.resource('apiregistration.k8s.io/v1', 'APIService');
  const live = resource.get(name);
  if (live === undefined) return;
  const [old] = objectsAt(objectAt(live, 'status'), 'conditions');
  const isSameStatus = old?.['status'] === outcome.status;
  if (isSameStatus && old['message'] === outcome.message) return;
  const lastTransitionTime = isSameStatus ? old['lastTransitionTime'] : timestamp(options.now());
  const conditions = [{ type: 'Available', ...outcome, lastTransitionTime }];
  resource.mergePatch(name, undefined, { status: { conditions } }, 'status');
  options.log.info({ apiService: name, ...outcome }, 'aggregated API changed');
}
