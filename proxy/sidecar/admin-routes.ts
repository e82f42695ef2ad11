/** Owns the sidecar's own paths on the admin port: the model's probes, and the hook that waits for the drain. */
import type { ServerResponse } from 'node:http';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import type { AdminRoute } from '../../platform/admin-server.ts';
import { messageOf } from '../../platform/errors.ts';
import { ask } from '../upstream/ask.ts';
import type { Pool } from '../upstream/pool.ts';
import type { Drain } from './drain.ts';

const probeTimeoutMs = 5_000;

/**
 * Returns the routes. kubelet cannot reach the model server, which listens on localhost, so its probes come here and
 * are passed on.
 */
export function makeSidecarAdminRoutes(options: {
  readonly pool: () => Pool;
  readonly modelServer: () => SidecarConfig['modelServer'];
  readonly drain: Drain;
}): Record<string, AdminRoute> {
  const { pool, modelServer, drain } = options;
  return {
    '/model/readyz': (_request, response) => passOn(pool(), modelServer().healthPath, response),
    '/model/livez': (_request, response) => passOn(pool(), modelServer().livenessPath, response),
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
