/** Owns the sidecar as a whole: the ports, the pipeline between them and the model, and how they start and end. */
import { isTelling } from '../../core/fetching/fetch-progress.ts';
import { CallQuota } from '../../core/quota/fixed-window.ts';
import type { DemandEntry } from '../../core/scaling/demand-report.ts';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import { startAdminServer } from '../../platform/admin-server.ts';
import type { Clock } from '../../platform/clock.ts';
import { Health } from '../../platform/health.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Logger } from '../../platform/logging.ts';
import { registerGauge } from '../../platform/metrics.ts';
import type { Registry } from '../../platform/metrics.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import { DemandMeter } from '../demand/demand-meter.ts';
import { DemandReporter } from '../demand/demand-reporter.ts';
import type { Caller } from '../downstream/caller.ts';
import { refusalBody, refusalHeaders, refusals } from '../errors.ts';
import { DirectExchange } from '../direct/direct-exchange.ts';
import type { ConnectionLimits } from '../downstream/connection-limits.ts';
import { startProxyServer } from '../downstream/proxy-server.ts';
import { awaitReadyPath } from '../sidecar-paths.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';
import { makePeerTrust } from '../stages/trust-forwarder/trust-forwarder.ts';
import { makeSidecarAdminRoutes } from './admin-routes.ts';
import { DirectCallers } from './direct-callers.ts';
import { Drain } from './drain.ts';
import { FetchWatch } from './fetch-watch.ts';
import { ModelHealth } from './model-health.ts';
import { makeModelUpstream } from './model-upstream.ts';
import type { ModelUpstream } from './model-upstream.ts';
import { makeSidecarPipeline } from './pipeline.ts';
import { ReadyWait } from './ready-wait.ts';

export interface SidecarOptions {
  readonly data: ListenAddress;
  readonly admin: ListenAddress;
  readonly config: WatchedFile<SidecarConfig>;
  readonly tls: WatchedFile<TlsMaterial>;
  /** The file in which the fetcher of the pod tells how far it is, where there is a fetcher. */
  readonly fetchProgress: string | undefined;
  /** Name of the pod, for demand reports. */
  readonly podName: string;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
  /** What connections of callers may take, where the usual does not fit. */
  readonly limits?: Partial<ConnectionLimits>;
  /** How long what is under way may take once it stops, in milliseconds; default: ten seconds. */
  readonly closeGraceMs?: number | undefined;
}

export interface Sidecar {
  readonly data: ListenAddress;
  readonly admin: ListenAddress;
  /** Unready at once, serves until it is quiet. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

/** What the gateway takes of a caller, and its own words on who that is: somebody may be in hundreds of groups. */
const forwardedHeadBytes = 64 * 1024;
const usualCloseGraceMs = 10_000;

/**
 * Starts the sidecar.
 *
 * @throws AppError as `listen` does.
 */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { config, clock, registry } = options;
  const now = (): number => clock.monotonic();
  const upstream = makeModelUpstream(config.current.modelServer, clock);
  const demand = new DemandMeter(now);
  const quota = { current: new CallQuota(config.current.rateLimits) };
  const isTrusted = makePeerTrust(() => config.current.peers.trustedForwarders);
  const direct = config.current.routeOptimized === undefined ? undefined : new DirectCallers(options);
  const { pipeline, slots } = makeSidecarPipeline({ ...options, upstream, demand, direct, isTrusted, quota });
  const busy = (): number => slots.taken + slots.waiting + (direct?.passing ?? 0);
  const isKnown = (): boolean => model.everReady;
  const drain = new Drain({ bounds: () => config.current.drain, busy, isKnown, clock });
  const fetch = new FetchWatch(options.fetchProgress, options.log);
  const { health, model, readyWait } = makeHealth(options, upstream, drain, fetch);
  config.onChange((next) => {
    upstream.update(next.modelServer);
    quota.current = new CallQuota(next.rateLimits);
    slots.admitWaiting();
  });
  registerGauges(registry, config, demand);
  const server = await startProxyServer({
    ...dataPort(options, drain),
    makeExchange: (caller) => {
      drain.noteRequest();
      return new DirectExchange(pipeline, caller, now());
    },
    sidePaths: {
      [awaitReadyPath]: (caller) => (isTrusted(caller.peer) ? readyWait.answer(caller) : turnAway(caller)),
    },
  });
  const modelServer = (): SidecarConfig['modelServer'] => config.current.modelServer;
  const routes = makeSidecarAdminRoutes({ pool: upstream.pool, modelServer, drain, clock });
  const admin = await startAdminServer({ address: options.admin, health, registry, routes });
  const reporter = startReporter(options, demand, fetch, direct);
  fetch.start();
  model.start();
  return {
    data: server.address,
    admin: admin.address,
    drain: async () => {
      health.startStopping();
      await drain.wait();
      server.startDraining();
    },
    stop: async () => {
      model.stop();
      fetch.stop();
      readyWait.stop();
      await server.stop(options.closeGraceMs ?? usualCloseGraceMs);
      await reporter.stop();
      direct?.stop();
      upstream.stop();
      await admin.stop();
    },
  };
}

function dataPort({ data, tls, config, limits, clock }: SidecarOptions, drain: Drain) {
  return {
    address: data,
    tls,
    // Callers of a route-optimised endpoint show a token in place of a certificate, with each request.
    clientCertificates: config.current.routeOptimized === undefined ? 'required' : 'optional',
    limits: { headBytes: forwardedHeadBytes, ...limits },
    now: () => clock.monotonic(),
    drainingSince: () => drain.startedAt,
  } as const;
}

/** Ready is: the model can predict, and the sidecar is not draining. */
function makeHealth(
  { config, log }: SidecarOptions,
  upstream: ModelUpstream,
  drain: Drain,
  fetch: FetchWatch,
): { health: Health; model: ModelHealth; readyWait: ReadyWait } {
  const health = new Health();
  const readyWait = new ReadyWait(() => Object.keys(health.unreadyReasons()).length === 0);
  const model = new ModelHealth({
    pool: upstream.pool,
    healthPath: () => config.current.modelServer.healthPath,
    isFetching: () => fetch.current !== undefined,
    onChange: (ready) => {
      log.info({ ready }, 'model readiness changed');
      if (!ready) return;
      readyWait.tell();
      fetch.stop();
    },
    onReturn: () => {
      if (!health.stopping) drain.reset();
    },
  });
  health.addReadinessCheck('model', () => model.unreadyReason());
  health.addReadinessCheck('drain', () => drain.unreadyReason());
  return { health, model, readyWait };
}

function startReporter(
  options: SidecarOptions,
  demand: DemandMeter,
  fetch: FetchWatch,
  direct: DirectCallers | undefined,
): DemandReporter {
  const { config, tls, clock, log } = options;
  const { endpoint, deployment, demand: target } = config.current;
  const reporter = new DemandReporter({
    url: target.url,
    directed: direct?.table,
    tls: { secureContext: () => tls.current.secureContext, identity: target.identity },
    intervalMs: target.intervalMs,
    reporter: options.podName,
    clock,
    log,
    source: {
      read: (withHistory) => {
        const reading = demand.read(withHistory);
        const entry = {
          namespace: endpoint.namespace,
          endpoint: endpoint.name,
          deployment,
          ...reading.entry,
          ...toldOf(fetch),
        };
        return { entries: [entry], confirm: () => demand.confirm(reading) };
      },
    },
  });
  // Callers come as soon as the sidecar is ready: it is to know the ways by then.
  if (direct !== undefined) reporter.reportNow();
  return reporter;
}

/** Whoever shows no certificate of a proxy finds nothing at the paths that are for proxies. */
function turnAway(caller: Caller): void {
  const body = Buffer.from(refusalBody(refusals.unknownPath));
  caller.sendHead(
    refusals.unknownPath.status,
    '',
    refusalHeaders(refusals.unknownPath, body.length),
    'length',
  );
  caller.end(body);
}

const toldOf = ({ current }: FetchWatch): Pick<DemandEntry, 'fetchProgress'> =>
  current !== undefined && isTelling(current) ? { fetchProgress: current } : {};

function registerGauges(registry: Registry, config: WatchedFile<SidecarConfig>, demand: DemandMeter): void {
  registerGauge(registry, 'fairlead_proxy_in_flight', 'Requests at the model server.', () => demand.inFlight);
  registerGauge(registry, 'fairlead_proxy_queued', 'Requests that wait for a turn.', () => demand.queued);
  registerGauge(
    registry,
    'fairlead_proxy_config_refused',
    '1 while the newest configuration file is refused and an older one is in use.',
    () => (config.refusal === undefined ? 0 : 1),
  );
}
