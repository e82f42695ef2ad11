/** Owns the port at which a sidecar is asked: by proxies that show a certificate, and by callers where they come themselves. */
import { DirectExchange } from '../direct/direct-exchange.ts';
import type { Caller, Peer } from '../downstream/caller.ts';
import { startProxyServer } from '../downstream/proxy-server.ts';
import type { ProxyServer } from '../downstream/proxy-server.ts';
import { refusalBody, refusalHeaders, refusals } from '../errors.ts';
import type { Pipeline } from '../exchange.ts';
import { awaitReadyPath } from '../sidecar-paths.ts';
import type { Tracing } from '../tracing/start-tracer.ts';
import type { Drain } from './drain.ts';
import type { ReadyWait } from './ready-wait.ts';
import type { SidecarOptions } from './sidecar-options.ts';

export interface DataPortParts {
  readonly pipeline: Pipeline;
  readonly tracing: Tracing;
  readonly drain: Drain;
  readonly readyWait: ReadyWait;
  readonly isTrusted: (peer: Peer) => boolean;
}

/** What the gateway takes of a caller, and its own words on who that is: somebody may be in hundreds of groups. */
const forwardedHeadBytes = 64 * 1024;

/**
 * Opens the port.
 *
 * @throws AppError as `listen` does.
 */
export function openDataPort(
  { data, tls, config, limits, clock }: SidecarOptions,
  { pipeline, tracing, drain, readyWait, isTrusted }: DataPortParts,
): Promise<ProxyServer> {
  const now = (): number => clock.monotonic();
  return startProxyServer({
    address: data,
    tls,
    // Callers of a route-optimised endpoint show a token in place of a certificate, with each request.
    clientCertificates: config.current.routeOptimized === undefined ? 'required' : 'optional',
    limits: { headBytes: forwardedHeadBytes, ...limits },
    now,
    drainingSince: () => drain.startedAt,
    makeExchange: (caller) => {
      drain.noteRequest();
      const exchange = new DirectExchange(pipeline, caller, now());
      tracing.current?.begin(exchange);
      return exchange;
    },
    sidePaths: {
      [awaitReadyPath]: (caller) => (isTrusted(caller.peer) ? readyWait.answer(caller) : turnAway(caller)),
    },
  });
}

/** Whoever shows no certificate of a proxy finds nothing at the paths that are for proxies. */
function turnAway(caller: Caller): void {
  const { unknownPath } = refusals;
  const body = Buffer.from(refusalBody(unknownPath));
  caller.sendHead(unknownPath.status, '', refusalHeaders(unknownPath, body.length), 'length');
  caller.end(body);
}
