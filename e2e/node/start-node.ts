/** Owns a node of a remote cluster: the node agent of devcluster, joined to an API server as a kubelet is. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeServices } from '../../devcluster/apiserver/node-services.ts';
import { AddressPool, skippedAtStart } from '../../devcluster/node-agent/network/addresses.ts';
import type { NodeAgentOptions } from '../../devcluster/node-agent/node-agent.ts';
import { startNodeAgent } from '../../devcluster/node-agent/node-agent.ts';
import type { ClusterAccess } from '../../kube/credentials.ts';
import { KubeTransport } from '../../kube/transport.ts';
import { AppError } from '../../platform/errors.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import { startKubeletServer } from './kubelet-server.ts';
import { startRemoteNodeApi } from './remote-node-api.ts';

export interface NodeOptions extends Pick<
  NodeAgentOptions,
  | 'name'
  | 'nodeAddress'
  | 'stateDir'
  | 'logsDir'
  | 'images'
  | 'capacity'
  | 'log'
  | 'crashBackOffInitialMs'
  | 'stopDeadlineMs'
> {
  /** Of somebody who may read all ConfigMaps and Secrets: it follows them all, where a kubelet asks for each. */
  readonly access: ClusterAccess;
  /** In CIDR notation (`10.244.1.0/24`); this machine answers on all of it, and on cluster IPs, by local routes. */
  readonly podAddresses: string;
  readonly kubelet: {
    /** 0 lets the system choose; default 10250. */
    readonly port?: number;
    /** For the node's address, by the authority that the API server's `--kubelet-certificate-authority` names. */
    readonly certificate: KeyPair;
    /** Signed the API server's `--kubelet-client-certificate`. */
    readonly clientAuthorityPem: string;
  };
  /** How long the cluster may take until it can be read; default 30 s. */
  readonly syncDeadlineMs?: number;
}

/**
 * Joins the cluster and runs the pods that are bound to the node. `stop` ends all processes; Node and pods stay.
 *
 * @throws AppError `NODE_NOT_SYNCED` where the cluster cannot be read, `POD_RANGE_INVALID`, and as `listen` does.
 */
export async function startNode(options: NodeOptions): Promise<{ stop(): Promise<void> }> {
  const { access, name, nodeAddress, kubelet, podAddresses, log } = options;
  const addresses = new AddressPool(podAddresses, skippedAtStart());
  const transport = new KubeTransport({ access, userAgent: `fairlead-node/${name}` });
  const remote = startRemoteNodeApi({ transport, nodeName: name, log });
  const parts: { stop(): Promise<void> }[] = [{ stop: () => transport.close() }, remote];
  const stop = async (): Promise<void> => {
    for (const part of parts.splice(0).reverse()) await part.stop();
  };
  try {
    await withinDeadline(remote.synced, options.syncDeadlineMs ?? 30_000, access.baseUrl);
    const started: { services?: NodeServices } = {};
    const server = await startKubeletServer({
      ...kubelet,
      address: { host: nodeAddress, port: kubelet.port ?? 10_250 },
      pods: remote.api.pods,
      services: () => started.services,
      log,
    });
    parts.push(server);
    const agent = await startNodeAgent({
      ...options,
      api: remote.api,
      podAddresses: addresses,
      kubeletPort: server.address.port,
    });
    parts.push(agent);
    started.services = agent.services;
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

async function withinDeadline(synced: Promise<unknown>, deadlineMs: number, url: string): Promise<void> {
  const timer = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: timer.signal }).then(() => {
    throw new AppError(
      'NODE_NOT_SYNCED',
      `the cluster at ${url} could not be read within ${deadlineMs / 1_000} s: see the log for the calls that failed`,
      { retryable: true },
    );
  });
  try {
    await Promise.race([synced, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}
