/** Owns what the sidecar puts into each place of the pipeline. */
import type { CallQuota } from '../../core/quota/fixed-window.ts';
import { isGrpcPath } from '../../core/routing/invocation-path.ts';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import type { DemandMeter } from '../demand/demand-meter.ts';
import { refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import type { Exchange, Pipeline } from '../exchange.ts';
import { makePipeline } from '../pipeline.ts';
import { makeProxyMetrics } from '../proxy-metrics.ts';
import { forwardedPath } from '../sidecar-paths.ts';
import { makeForward } from '../stages/forward/forward.ts';
import { makeLimit } from '../stages/limit/limit.ts';
import { makeObserve } from '../stages/observe/observe.ts';
import { makeQueue } from '../stages/queue/queue.ts';
import type { Slots } from '../stages/queue/slots.ts';
import { makeRead } from '../stages/read/read.ts';
import { makeReceive } from '../stages/receive/receive.ts';
import { makeServeLocally } from '../stages/serve-locally/serve-locally.ts';
import type { LocalEntity } from '../stages/serve-locally/serve-locally.ts';
import { makeTrustForwarder } from '../stages/trust-forwarder/trust-forwarder.ts';
import type { ModelUpstream } from './model-upstream.ts';
import { pushAnswerHeaders } from './answer-headers.ts';

/** Returns the pipeline and the turns that its queue gives out. */
export function makeSidecarPipeline(options: {
  readonly config: WatchedFile<SidecarConfig>;
  readonly upstream: ModelUpstream;
  readonly demand: DemandMeter;
  readonly quota: { readonly current: CallQuota };
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
}): { pipeline: Pipeline; slots: Slots<Exchange> } {
  const { config, upstream, clock, log } = options;
  const now = (): number => clock.monotonic();
  const maxBodyBytes = (): number => config.current.maxBodyBytes;
  const queue = makeQueue<Exchange>({
    bounds: () => config.current.concurrency,
    demand: options.demand,
    now,
  });
  let local = localEntity(config.current);
  config.onChange((next) => {
    local = localEntity(next);
  });
  const pipeline = makePipeline<Exchange>(
    {
      receive: makeReceive({
        readPath: (exchange, path) => readPath(exchange, path, config.current),
        maxBodyBytes,
        totalMs: () => config.current.timeouts.totalMs,
      }),
      authenticate: makeTrustForwarder(() => config.current.peers.trustedForwarders),
      limit: makeLimit({ quotaOf: () => options.quota.current, now: () => clock.now() }),
      read: makeRead(),
      choose: makeServeLocally(() => local),
      queue,
      forward: makeForward({
        poolOf: (exchange) => (exchange.isGrpc ? upstream.grpc() : upstream.pool()),
        pathOf: (exchange) =>
          exchange.isGrpc
            ? exchange.caller.head.target
            : config.current.modelServer.invocationsPath + exchange.query,
        timeouts: () => config.current.timeouts,
        maxBodyBytes,
        addRequestHeaders: () => undefined,
        addAnswerHeaders: pushAnswerHeaders,
        onFailure: (exchange, { error, kind }) => {
          log.warn(
            { requestId: exchange.requestId, code: error.code, kind, cause: error.message },
            'model failed',
          );
        },
      }),
      observe: makeObserve({ metrics: makeProxyMetrics(options.registry), log, now }),
    },
    log,
  );
  return { pipeline, slots: queue.slots };
}

function readPath(exchange: Exchange, path: string, { modelServer }: SidecarConfig): Refusal | undefined {
  if (!exchange.isGrpc || !isGrpcPath(path)) return path === forwardedPath ? undefined : refusals.unknownPath;
  return modelServer.grpcPort === undefined ? refusals.grpcUnsupported : undefined;
}

function localEntity({ servedEntity, deployment, endpoint }: SidecarConfig): LocalEntity {
  return { servedEntity, deployment, endpointLabel: `${endpoint.namespace}/${endpoint.name}` };
}
