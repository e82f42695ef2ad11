/** Owns the ports at which the gateway serves users: with TLS, without, and in place of sidecars that are at zero. */
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import type { Caller } from '../downstream/caller.ts';
import type { ConnectionLimits } from '../downstream/connection-limits.ts';
import { startProxyServer } from '../downstream/proxy-server.ts';
import type { ProxyServer } from '../downstream/proxy-server.ts';
import type { PortCertificate } from '../downstream/tls-server.ts';
import { Exchange } from '../exchange.ts';
import type { Pipeline } from '../exchange.ts';
import { RoutedExchange } from '../targets/routed-exchange.ts';
import type { Tracing } from '../tracing/start-tracer.ts';
import type { ApiForwarding } from './api-forwarding.ts';
import type { GatewayConfig } from './config.ts';

export interface UserPortOptions {
  readonly config: GatewayConfig;
  readonly frontTls?: WatchedFile<PortCertificate> | undefined;
  readonly direct?: { readonly tls: WatchedFile<PortCertificate> } | undefined;
  readonly tracing: Tracing;
  readonly clock: Clock;
  /** What connections of callers may take, beside what the configuration says. */
  readonly limits?: Partial<ConnectionLimits>;
}

export interface UserAddresses {
  /** Without TLS, where that is open; else with it. */
  readonly address: ListenAddress;
  /** With TLS; undefined: closed. */
  readonly tlsAddress: ListenAddress | undefined;
  /** For callers of route-optimised endpoints, and for their sidecars; undefined: closed. */
  readonly directAddress: ListenAddress | undefined;
}

export interface UserPipelines {
  readonly users: Pipeline;
  /** Of the port at which sidecars come too. */
  readonly direct: Pipeline;
}

export interface UserPorts extends Pick<ProxyServer, 'startDraining' | 'stop'> {
  readonly addresses: UserAddresses;
}

/**
 * Opens the ports that the configuration asks for.
 *
 * @throws AppError `NO_PORT_FOR_USERS`, and as `listen` does.
 */
export async function openUserPorts(
  options: UserPortOptions,
  pipelines: UserPipelines,
  api: ApiForwarding,
): Promise<UserPorts> {
  const { config, frontTls, direct } = options;
  const { routed, ...common } = whatPortsShare(options, pipelines, api);
  const { host } = config;
  const plain = config.http
    ? await startProxyServer({ ...common, address: { host, port: config.port } })
    : undefined;
  const secure =
    config.tls && frontTls !== undefined
      ? await startProxyServer({
          ...common,
          address: { host, port: config.tlsPort },
          tls: frontTls,
          clientCertificates: 'none',
        })
      : undefined;
  const forDirect =
    config.direct && direct !== undefined
      ? await startProxyServer({
          ...common,
          address: { host, port: config.directPort },
          tls: direct.tls,
          clientCertificates: 'optional',
          makeExchange: (caller) => routed(pipelines.direct, caller),
        })
      : undefined;
  const open = [plain, secure, forDirect].filter((server) => server !== undefined);
  const first = plain ?? secure;
  if (first === undefined) {
    throw new AppError('NO_PORT_FOR_USERS', 'nobody could ask anything: set http or tls, or both');
  }
  return {
    addresses: { address: first.address, tlsAddress: secure?.address, directAddress: forDirect?.address },
    startDraining: () => {
      for (const server of open) server.startDraining();
    },
    stop: async (graceMs) => {
      await Promise.all(open.map((server) => server.stop(graceMs)));
    },
  };
}

function whatPortsShare(
  { config, limits, tracing, clock }: UserPortOptions,
  { users }: UserPipelines,
  api: ApiForwarding,
) {
  const now = (): number => clock.monotonic();
  const routed = (pipeline: Pipeline, caller: Caller): RoutedExchange => {
    const exchange = new RoutedExchange(pipeline, caller, now());
    tracing.current?.begin(exchange);
    return exchange;
  };
  return {
    routed,
    limits: {
      idleMs: config.clientIdleTimeoutMs,
      headMs: config.headTimeoutMs,
      bodyIdleMs: config.bodyIdleTimeoutMs,
      ...limits,
    },
    now,
    makeExchange: (caller: Caller) =>
      api.takes(caller.head.target) ? new Exchange(api.pipeline, caller, now()) : routed(users, caller),
  };
}
