/**
 * Owns the sidecar's own pipeline on a port without TLS, whose callers all count as the gateway, so that it can be
 * measured beside proxies without TLS. Arguments: port, file of the sidecar's configuration.
 */
import { sidecarConfigSchema } from '../../../../core/sidecar-config.ts';
import { systemClock } from '../../../../platform/clock.ts';
import { setHeapGrowth } from '../../../../platform/heap-growth.ts';
import { makeLogger } from '../../../../platform/logging.ts';
import { makeRegistry } from '../../../../platform/metrics.ts';
import { watchFiles } from '../../../../platform/watched-file.ts';
import { DemandMeter } from '../../../../proxy/demand/demand-meter.ts';
import { startProxyServer } from '../../../../proxy/downstream/proxy-server.ts';
import { DirectExchange } from '../../../../proxy/direct/direct-exchange.ts';
import { makeRowLog } from '../../../../proxy/rows/row-settings.ts';
import { forwardedPath } from '../../../../proxy/sidecar-paths.ts';
import { sidecarProcessSchema } from '../../../../proxy/sidecar/config.ts';
import { makeModelUpstream } from '../../../../proxy/sidecar/model-upstream.ts';
import { makeSidecarPipeline } from '../../../../proxy/sidecar/pipeline.ts';
import { SidecarLimits } from '../../../../proxy/sidecar/sidecar-limits.ts';
import { Tracing } from '../../../../proxy/tracing/start-tracer.ts';

// As the sidecar's own start does.
setHeapGrowth(200);
const [port, file = ''] = process.argv.slice(2);
const clock = systemClock;
const now = (): number => clock.monotonic();
const log = makeLogger({ process: 'sidecar', level: 'info' });
const config = await watchFiles({
  paths: [file],
  parse: ([text = '']) => sidecarConfigSchema.parse(JSON.parse(text)),
  log,
});
const registry = makeRegistry();
const instance = 'bench';
const { pipeline } = makeSidecarPipeline({
  config,
  upstream: makeModelUpstream(config.current.modelServer, clock),
  demand: new DemandMeter(now),
  direct: undefined,
  isTrusted: () => true,
  quota: new SidecarLimits(config),
  rows: makeRowLog({ settings: sidecarProcessSchema.parse({}), instance, clock, registry, log }),
  tracing: new Tracing({ service: 'fairlead-sidecar', instance, route: forwardedPath, clock, registry, log }),
  clock,
  registry,
  log,
});

await startProxyServer({
  address: { host: '127.0.0.1', port: Number(port) },
  now,
  makeExchange: (caller) => new DirectExchange(pipeline, caller, now()),
});
