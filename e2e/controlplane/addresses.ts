/** Owns the addresses of the control plane, which has a network of its own: they are the same in every run. */

/** Routed to the loopback device there, so that every address can be listened on without being configured. */
export const localRanges = { pods: '10.244.0.0/16', services: '10.96.0.0/16' } as const;

/** Of the only node and of the API server; EndpointSlices accept no loopback address. */
export const nodeAddress = '10.244.0.1';

/** The first of the range, as in every cluster. */
export const apiServiceAddress = '10.96.0.1';

export const apiPort = 6443;
export const etcdUrl = 'http://127.0.0.1:2379';
export const etcdPeerUrl = 'http://127.0.0.1:2380';

/** Those that the node gives to pods. */
export const podAddresses = '10.244.16.0/20';
