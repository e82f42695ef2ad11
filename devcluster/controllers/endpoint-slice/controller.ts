/** Owns the EndpointSlice controller: follows Services and pods, writes the slices that differ. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { LocalClient } from '../../apiserver/client/local-client.ts';
import type { ObjectInput } from '../../apiserver/objects/kube-object.ts';
import { Loop } from '../loop/loop.ts';
import { ChildIndex } from '../objects/child-index.ts';
import type { EndpointSlice, Pod, Service } from '../objects/kinds.ts';
import { keyOf, parseKey } from '../objects/kinds.ts';
import { controllerOf } from '../objects/ownership.ts';
import { matchesLabels } from '../objects/selector.ts';
import { makeEndpointSlices, managedBy, managedByLabel } from './plan.ts';

/** Starts the controller; `stop` waits for the reconcile that runs. */
export function startEndpointSliceController(parts: {
  readonly client: LocalClient;
  readonly log: Logger;
  readonly clock: Clock;
}): { stop(): Promise<void> } {
  const { client, log, clock } = parts;
  const services = client.resource<Service>('v1', 'Service');
  const pods = client.resource<Pod>('v1', 'Pod');
  const loop = new Loop({ name: 'endpointslice', reconcile: (key) => reconcile(key), log, clock });
  const slices = new ChildIndex(sliceClient(client), (slice) => {
    const owner = controllerOf(slice);
    if (owner?.kind === 'Service') loop.enqueue(`${slice.metadata.namespace ?? ''}/${owner.name}`);
  });
  const reconcile = (key: string): undefined => {
    const { namespace, name } = parseKey(key);
    const service = services.get(name, namespace);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return;
    const selector = service.spec.selector ?? {};
    if (Object.keys(selector).length === 0) return;
    const selected = pods.list({ namespace }).filter((pod) => matchesLabels(selector, pod.metadata.labels));
    const owned = slices
      .childrenOf(service.metadata.uid)
      .filter((slice) => slice.metadata.labels?.[managedByLabel] === managedBy);
    writeSlices(client, makeEndpointSlices(service, selected), owned);
  };
  const enqueueServicesOf = (pod: Pod, labels: Record<string, string> | undefined): void => {
    for (const service of services.list({ namespace: pod.metadata.namespace })) {
      const selector = service.spec.selector ?? {};
      if (Object.keys(selector).length > 0 && matchesLabels(selector, labels)) loop.enqueue(keyOf(service));
    }
  };
  const labelsBefore = new Map<string, Record<string, string> | undefined>();
  const watches = [
    services.watch({}, ({ object }) => loop.enqueue(keyOf(object))),
    pods.watch({}, ({ type, object }) => {
      const { uid, labels } = object.metadata;
      enqueueServicesOf(object, labels);
      if (!isDeepStrictEqual(labelsBefore.get(uid), labels)) enqueueServicesOf(object, labelsBefore.get(uid));
      if (type === 'DELETED') labelsBefore.delete(uid);
      else labelsBefore.set(uid, labels);
    }),
  ];
  return {
    stop: async () => {
      for (const watch of watches) watch.stop();
      slices.stop();
      await loop.stop();
    },
  };
}

const sliceClient = (client: LocalClient) =>
  client.resource<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice');

function writeSlices(
  client: LocalClient,
  wanted: readonly ObjectInput<EndpointSlice>[],
  present: readonly EndpointSlice[],
): void {
  const slices = sliceClient(client);
  const presentByName = new Map(present.map((slice) => [slice.metadata.name, slice]));
  for (const slice of wanted) {
    const name = slice.metadata?.name ?? '';
    const known = presentByName.get(name);
    presentByName.delete(name);
    if (known === undefined) slices.create(slice);
    else if (!isSame(known, slice)) {
      slices.update({ ...slice, metadata: { ...known.metadata, labels: slice.metadata?.labels ?? {} } });
    }
  }
  for (const stale of presentByName.values()) {
    slices.delete(stale.metadata.name, stale.metadata.namespace);
  }
}

function isSame(known: EndpointSlice, wanted: ObjectInput<EndpointSlice>): boolean {
  const content = (slice: ObjectInput<EndpointSlice>): unknown => ({
    labels: slice.metadata?.labels ?? {},
    endpoints: slice.endpoints ?? [],
    ports: slice.ports ?? [],
  });
  return isDeepStrictEqual(content(known), content(wanted));
}
