/** Owns the sidecar's own paths on the admin port: the model's probes, and the hook that waits for the drain. */
import type { ServerResponse } from 'node:http';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import type { AdminRoute } from '../../platform/admin-server.ts';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import { headerOf } from '../http1/header-of.ts';
import { ask } from '../upstream/ask.ts';
import { Pool } from '../upstream/pool.ts';
import type { Drain } from './drain.ts';

interface AdminRouteOptions {
  readonly pool: () => Pool;
  readonly modelServer: () => SidecarConfig['modelServer'];
  readonly drain: Drain;
  readonly clock: Clock;
}

const probeTimeoutMs = 5_000;
/** A server of language models has a histogram per model, adapter and kind of token. */
const maxMetricsBytes = 8 * 1024 * 1024;

/**
 * Returns the routes. kubelet cannot reach the model server, which listens on localhost, so its probes come here and
 * are passed on.
 */
export function makeSidecarAdminRoutes(options: AdminRouteOptions): Record<string, AdminRoute> {
  const { pool, modelServer, drain } = options;
  return {
    '/model/readyz': (_request, response) => passOn(pool(), modelServer().healthPath, response),
    '/model/livez': (_request, response) => passOn(pool(), modelServer().livenessPath, response),
    '/model/metrics': (_request, response) => passOnMetrics(options, response),
    '/wait-for-drain': async (_request, response) => {
      await drain.wait();
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"drained"}');
    },
  };
}

async function passOn(pool: Pool, path: string, response: ServerResponse): Promise<void> {
  let status: number;
  let body: string;
  try {
    const answer = await ask(pool, { method: 'GET', path, timeoutMs: probeTimeoutMs });
    status = answer.status === 200 ? 200 : 503;
    body = answer.body.toString('utf8');
  } catch (error) {
    status = 503;
    body = messageOf(error);
  }
  response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
}

/** Prometheus cannot reach the model server either. Its metrics may have a port of their own: one connection per scrape. */
async function passOnMetrics(
  { modelServer, clock }: AdminRouteOptions,
  response: ServerResponse,
): Promise<void> {
  const { host, metrics } = modelServer();
  if (metrics === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('the model server tells no metrics\n');
    return;
  }
  const pool = new Pool({ host, port: metrics.port, idleMs: 0, clock });
  try {
    const answer = await ask(pool, {
      method: 'GET',
      path: metrics.path,
      timeoutMs: probeTimeoutMs,
      maxBytes: maxMetricsBytes,
    });
    const contentType = headerOf(answer.headers, 'content-type') ?? 'text/plain';
    response.writeHead(answer.status, { 'content-type': contentType }).end(answer.body);
  } catch (error) {
    response.writeHead(502, { 'content-type': 'text/plain' }).end(messageOf(error));
  } finally {
    pool.destroy();
  }
}
