/** Owns the sidecar as a whole: the ports, the pipeline between them and the model, and how they start and end. */
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import { startAdminServer } from '../../platform/admin-server.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import { registerGauge } from '../../platform/metrics.ts';
import type { Registry } from '../../platform/metrics.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import { DemandMeter } from '../demand/demand-meter.ts';
import { makeRowLog } from '../rows/row-settings.ts';
import { forwardedPath } from '../sidecar-paths.ts';
import { makePeerTrust } from '../stages/trust-forwarder/trust-forwarder.ts';
import { Tracing } from '../tracing/start-tracer.ts';
import { makeSidecarAdminRoutes } from './admin-routes.ts';
import { openDataPort } from './data-port.ts';
import { startReporter } from './demand-report.ts';
import { DirectCallers } from './direct-callers.ts';
import { Drain } from './drain.ts';
import { FetchWatch } from './fetch-watch.ts';
import { makeModelUpstream } from './model-upstream.ts';
import { makeSidecarPipeline } from './pipeline.ts';
import { makeReadiness } from './readiness.ts';
import { SidecarLimits } from './sidecar-limits.ts';
import type { SidecarOptions } from './sidecar-options.ts';

export interface Sidecar {
  readonly data: ListenAddress;
  readonly admin: ListenAddress;
  /** Unready at once, serves until it is quiet. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

const usualCloseGraceMs = 10_000;

/**
 * Starts the sidecar.
 *
 * @throws AppError as `listen` does.
 */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { config, clock, registry } = options;
  const upstream = makeModelUpstream(config.current.modelServer, clock);
  const demand = new DemandMeter(() => clock.monotonic());
  const limits = new SidecarLimits(config);
  const rows = makeRowLog({ ...options, settings: options.rows, instance: options.podName });
  const tracing = await startTracing(options);
  const isTrusted = makePeerTrust(() => config.current.peers.trustedForwarders);
  const direct = config.current.routeOptimized === undefined ? undefined : new DirectCallers(options);
  const parts = { demand, direct, isTrusted, tracing };
  const { pipeline, slots } = makeSidecarPipeline({ ...options, ...parts, upstream, quota: limits, rows });
  const busy = (): number => slots.taken + slots.waiting + (direct?.passing ?? 0);
  const isKnown = (): boolean => model.everReady;
  const drain = new Drain({ bounds: () => config.current.drain, busy, isKnown, clock });
  const fetch = new FetchWatch(options.fetchProgress, options.log);
  const { health, model, readyWait } = makeReadiness(options, { upstream, drain, fetch });
  config.onChange((next) => {
    upstream.update(next.modelServer);
    slots.admitWaiting();
  });
  registerGauges(registry, config, demand);
  const server = await openDataPort(options, { pipeline, tracing, drain, readyWait, isTrusted });
  const modelServer = (): SidecarConfig['modelServer'] => config.current.modelServer;
  const routes = makeSidecarAdminRoutes({ pool: upstream.pool, modelServer, drain, clock });
  const admin = await startAdminServer({ address: options.admin, health, registry, routes });
  const reporter = startReporter(options, { demand, fetch, limits, direct });
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
      await rows.stop();
      await tracing.stop();
      upstream.stop();
      await admin.stop();
    },
  };
}

async function startTracing(options: SidecarOptions): Promise<Tracing> {
  const { config, podName } = options;
  const tracing = new Tracing({
    ...options,
    service: 'fairlead-sidecar',
    instance: podName,
    route: forwardedPath,
  });
  config.onChange((next) => tracing.follow(next.tracing));
  await tracing.use(config.current.tracing);
  return tracing;
}

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
