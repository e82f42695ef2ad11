/** Owns installing Fairlead in a cluster whose containers are local processes: CRDs, then the manifests of `config/`, until its processes are up. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '../../kube/client.ts';
import { deployments, pods, services } from '../../kube/kinds.ts';
import type { Pod } from '../../kube/kinds.ts';
import { AppError } from '../../platform/errors.ts';
import type { Note } from '../progress.ts';
import { adminPortOf, directPortOf, repository } from '../settings.ts';
import { applyManifests } from './apply.ts';
import { readManifests } from './manifests.ts';
import { adaptManifests } from './overlay.ts';
import type { MachinePorts } from './overlay.ts';

const namespace = 'fairlead-system';
const names = ['fairlead-operator', 'fairlead-gateway', 'fairlead-api'];
const defaultTimeoutMs = 60_000;

export interface InstallOptions {
  /** Where the one gateway listens on 127.0.0.1; without, gateways are pods behind their Service. */
  readonly port?: number;
  readonly trackingUri: string;
  /** Where the logs of pods are, for error messages. */
  readonly logs: string;
  readonly note: Note;
  readonly signal: AbortSignal;
  /** How long the processes may take; default one minute. */
  readonly timeoutMs?: number;
}

/**
 * Installs Fairlead, or brings an earlier installation up to date. Returns the gateway's URL when operator, gateway
 * and api are ready.
 *
 * @throws ApiError as the cluster answers; AppError `INSTALL_NOT_READY` with what the pods say.
 */
export async function installFairlead(client: KubeClient, options: InstallOptions): Promise<string> {
  await applyManifests(client, readManifests(join(repository, 'crds')));
  const manifests = readManifests(join(repository, 'config'));
  // The Deployments are told the addresses that the Services of operator and api get.
  const isAdapted = ({ kind }: { kind?: string | undefined }): boolean =>
    kind === 'Deployment' || kind === 'ConfigMap';
  await applyManifests(
    client,
    manifests.filter((manifest) => !isAdapted(manifest)),
  );
  const { port, trackingUri } = options;
  const publicUrl =
    port === undefined ? `http://${await addressOf(client, 'fairlead-gateway')}` : `http://127.0.0.1:${port}`;
  const surroundings = {
    operatorIp: await addressOf(client, 'fairlead-operator'),
    gatewayIp: await addressOf(client, 'fairlead-gateway-direct'),
    apiIp: await addressOf(client, 'fairlead-api'),
    trackingUri,
    publicUrl,
    ...(port === undefined ? {} : { machine: machineAt(port) }),
  };
  await applyManifests(client, adaptManifests(manifests.filter(isAdapted), surroundings));
  await waitAvailable(client, options);
  return publicUrl;
}

/** Returns the ports of a gateway that listens on `port` of the machine. */
export const machineAt = (port: number): MachinePorts => ({
  port,
  adminPort: adminPortOf(port),
  directPort: directPortOf(port),
});

async function addressOf(client: KubeClient, name: string): Promise<string> {
  const service = await client.get(services, { name, namespace });
  return service.spec?.clusterIP ?? '';
}

async function waitAvailable(client: KubeClient, options: InstallOptions): Promise<void> {
  const { logs, note, signal, timeoutMs = defaultTimeoutMs } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const missing = await unavailable(client, signal);
    if (missing.length === 0) return;
    if (performance.now() > deadline) {
      const { items } = await client.list(pods, { namespace });
      const words = items.map(stateOf).join('; ');
      throw new AppError(
        'INSTALL_NOT_READY',
        `not ready after ${timeoutMs / 1_000} s: ${missing.join(', ')} (${words}); their logs are in ${logs}`,
      );
    }
    note(`waiting for ${missing.join(' and ')}`);
    await delay(100, undefined, { signal });
  }
}

async function unavailable(client: KubeClient, signal: AbortSignal): Promise<string[]> {
  const { items } = await client.list(deployments, { namespace, signal });
  return names.filter((name) => {
    const deployment = items.find(({ metadata }) => metadata?.name === name);
    const { observedGeneration, updatedReplicas = 0, availableReplicas = 0 } = deployment?.status ?? {};
    return (
      observedGeneration !== deployment?.metadata?.generation ||
      updatedReplicas === 0 ||
      availableReplicas === 0
    );
  });
}

function stateOf({ metadata, status }: Pod): string {
  const states = (status?.containerStatuses ?? []).map(({ name, state }) => {
    const reason =
      state?.waiting?.message ?? state?.waiting?.reason ?? state?.terminated?.reason ?? 'running';
    return `${name}: ${reason}`;
  });
  return `pod ${metadata?.name ?? ''} is ${status?.phase ?? 'unknown'}, ${states.join(', ')}`;
}
