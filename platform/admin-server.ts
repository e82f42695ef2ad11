/** Owns the admin port of every process: /healthz, /readyz and /metrics, apart from the port that serves users. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Health } from './health.ts';
import { closeGracefully, listen } from './listener.ts';
import type { ListenAddress } from './listener.ts';
import type { Registry } from './metrics.ts';

/** Answers one path of the admin port; the process's own paths beside the three that all have. */
export type AdminRoute = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface AdminServer {
  readonly address: ListenAddress;
  stop(): Promise<void>;
}

/**
 * Starts the admin server. `routes` maps further exact paths to handlers (the sidecar adds `/wait-for-drain`, say).
 *
 * @throws AppError as `listen` does.
 */
export async function startAdminServer(options: {
  readonly address: ListenAddress;
  readonly health: Health;
  readonly registry: Registry;
  readonly routes?: Readonly<Record<string, AdminRoute>>;
}): Promise<AdminServer> {
  const routes: Record<string, AdminRoute> = {
    '/healthz': (_request, response) => sendJson(response, 200, { status: 'ok' }),
    '/readyz': (_request, response) => {
      const reasons = options.health.unreadyReasons();
      const ready = Object.keys(reasons).length === 0;
      const notes = options.health.notes();
      const more = Object.keys(notes).length === 0 ? {} : { notes };
      const body = ready ? { status: 'ok', ...more } : { status: 'unready', reasons, ...more };
      sendJson(response, ready ? 200 : 503, body);
    },
    '/metrics': async (_request, response) => {
      const text = await options.registry.metrics();
      response.writeHead(200, { 'content-type': options.registry.contentType }).end(text);
    },
    ...options.routes,
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route === undefined) {
      sendJson(response, 404, { error_code: 'NOT_FOUND', message: `no such admin path: ${path}` });
      return;
    }
    Promise.resolve(route(request, response)).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  const address = await listen(server, options.address);
  return { address, stop: () => closeGracefully(server, 1_000) };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
