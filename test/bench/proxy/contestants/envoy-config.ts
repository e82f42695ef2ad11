/** Owns Envoy's configuration as a bare proxy: one listener, one cluster, the router and nothing else. */
import type { Hop } from './hop.ts';

const typeOf = (name: string): { '@type': string } => ({ '@type': `type.googleapis.com/envoy.${name}` });

/** Returns the bootstrap configuration of `hop`. */
export const makeEnvoyConfig = (hop: Hop): object => ({
  static_resources: {
    listeners: [
      {
        name: 'callers',
        address: addressOf(hop.port),
        filter_chains: [{ filters: [connectionManager], ...transportSocket(downstreamTls(hop)) }],
      },
    ],
    clusters: [
      {
        name: 'next',
        type: 'STATIC',
        connect_timeout: '2s',
        load_assignment: {
          cluster_name: 'next',
          endpoints: [{ lb_endpoints: [{ endpoint: { address: addressOf(hop.to) } }] }],
        },
        circuit_breakers: { thresholds: [{ max_connections: 8192, max_requests: 8192 }] },
        ...transportSocket(upstreamTls(hop)),
      },
    ],
  },
});

const addressOf = (port: number): object => ({
  socket_address: { address: '127.0.0.1', port_value: port },
});

const connectionManager = {
  name: 'envoy.filters.network.http_connection_manager',
  typed_config: {
    ...typeOf('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'callers',
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'next', timeout: '0s' } }],
        },
      ],
    },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: typeOf('extensions.filters.http.router.v3.Router'),
      },
    ],
  },
};

const transportSocket = (context: object | undefined): object =>
  context === undefined
    ? {}
    : { transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: context } };

function downstreamTls(hop: Hop): object | undefined {
  if (hop.in === 'plain') return undefined;
  return {
    ...typeOf('extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
    require_client_certificate: hop.in === 'mtls',
    common_tls_context: commonTls(hop, hop.in === 'mtls'),
  };
}

function upstreamTls(hop: Hop): object | undefined {
  if (hop.out === 'plain') return undefined;
  return {
    ...typeOf('extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
    common_tls_context: commonTls(hop, true),
  };
}

const commonTls = ({ tls }: Hop, verifies: boolean): object => ({
  tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
  tls_certificates: [
    { certificate_chain: { filename: `${tls}/tls.crt` }, private_key: { filename: `${tls}/tls.key` } },
  ],
  ...(verifies ? { validation_context: { trusted_ca: { filename: `${tls}/ca.crt` } } } : {}),
});
