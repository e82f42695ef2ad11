/** Owns the one node of the embedded cluster: its name, its addresses, and how the API server finds its logs. */
import { systemClock } from '../../platform/clock.ts';
import type { ApiServer } from '../apiserver/server.ts';
import { makeEmbeddedNodeApi } from './embedded-node-api.ts';
import { AddressPool, loopbackRange, skippedAtStart } from './network/addresses.ts';
import type { NodeAgentOptions } from './node-agent.ts';
import { startNodeAgent } from './node-agent.ts';

const nodeName = 'fairlead-node';

export interface EmbeddedNodeOptions extends Omit<
  NodeAgentOptions,
  'api' | 'name' | 'nodeAddress' | 'podAddresses' | 'apiAddress' | 'kubeletPort'
> {
  readonly api: Pick<ApiServer, 'localClient' | 'issueServiceAccountToken' | 'setNodeServices' | 'address'>;
}

/** Starts the node agent on the API server of this process; `stop` as the agent's. */
export async function startEmbeddedNode(options: EmbeddedNodeOptions): Promise<{ stop(): Promise<void> }> {
  const { api, log, clock = systemClock } = options;
  const agent = await startNodeAgent({
    ...options,
    api: makeEmbeddedNodeApi({ api, nodeName, log, clock }),
    name: nodeName,
    nodeAddress: '127.0.0.1',
    podAddresses: new AddressPool(loopbackRange, skippedAtStart()),
    apiAddress: api.address,
  });
  api.setNodeServices(agent.services);
  return { stop: () => agent.stop() };
}
