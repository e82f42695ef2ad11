/**
 * Owns the sidecar's own pipeline on a port without TLS, whose callers all count as the gateway, so that it can be
 * measured beside proxies without TLS. Arguments: port, file of the sidecar's configuration.
 */
import { CallQuota } from '../../../../core/quota/fixed-window.ts';
import { sidecarConfigSchema } from '../../../../core/sidecar-config.ts';
import { systemClock } from '../../../../platform/clock.ts';
import { makeLogger } from '../../../../platform/logging.ts';
import { makeRegistry } from '../../../../platform/metrics.ts';
import { watchFiles } from '../../../../platform/watched-file.ts';
import { DemandMeter } from '../../../../proxy/demand/demand-meter.ts';
import { startProxyServer } from '../../../../proxy/downstream/proxy-server.ts';
import { DirectExchange } from '../../../../proxy/direct/direct-exchange.ts';
import { makeModelUpstream } from '../../../../proxy/sidecar/model-upstream.ts';
import { makeSidecarPipeline } from '../../../../proxy/sidecar/pipeline.ts';

const [port, file = ''] = process.argv.slice(2);
const clock = systemClock;
const now = (): number => clock.monotonic();
const log = makeLogger({ process: 'sidecar', level: 'info' });
const config = await watchFiles({
  paths: [file],
  parse: ([text = '']) => sidecarConfigSchema.parse(JSON.parse(text)),
  log,
});
const { pipeline } = makeSidecarPipeline({
  config,
  upstream: makeModelUpstream(config.current.modelServer, clock),
  demand: new DemandMeter(now),
  direct: undefined,
  isTrusted: () => true,
  quota: { current: new CallQuota(config.current.rateLimits) },
  clock,
  registry: makeRegistry(),
  log,
});

await startProxyServer({
  address: { host: '127.0.0.1', port: Number(port) },
  now,
  makeExchange: (caller) => new DirectExchange(pipeline, caller, now()),
});
