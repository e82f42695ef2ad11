/** Owns the cluster IPs of Services: a listener for each port that passes connections on to ready endpoints. */
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { messageOf, systemCodeOf } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { Service } from '../../controllers/objects/kinds.ts';
import { keyOf, parseKey } from '../../controllers/objects/kinds.ts';
import { Loop } from '../../controllers/loop/loop.ts';
import { serviceNameLabel } from '../../controllers/endpoint-slice/plan.ts';
import type { NodeApi } from '../node-api.ts';
import type { Route, Target } from './service-routes.ts';
import { routesOf } from './service-routes.ts';

interface Listener {
  readonly server: Server;
  readonly sockets: Set<Socket>;
  targets: readonly Target[];
  next: number;
}

type ProxiedApi = Pick<NodeApi, 'services' | 'endpointSlices' | 'events'>;

export interface ServiceProxy {
  /** Whether the address of a Service is served on this machine. */
  serves(host: string, port: number): boolean;
  stop(): Promise<void>;
}

/** Starts following Services and EndpointSlices. Endpoints that no pod backs (the API server's own) are served too. */
export function startServiceProxy(parts: { readonly api: ProxiedApi; readonly log: Logger }): ServiceProxy {
  const proxy = new Proxy(parts);
  return { serves: (host, port) => proxy.serves(host, port), stop: () => proxy.stop() };
}

class Proxy {
  readonly #parts: { readonly api: ProxiedApi; readonly log: Logger };
  readonly #loop: Loop;
  readonly #listeners = new Map<string, Listener>();
  readonly #addressesOf = new Map<string, Set<string>>();
  readonly #watches: { stop(): void }[];

  constructor(parts: { readonly api: ProxiedApi; readonly log: Logger }) {
    this.#parts = parts;
    const { api, log } = parts;
    this.#loop = new Loop({ name: 'service-proxy', reconcile: (key) => this.#reconcile(key), log });
    this.#watches = [
      api.services.onChange((service) => this.#loop.enqueue(keyOf(service))),
      api.endpointSlices.onChange(({ metadata }) => {
        const service = metadata.labels?.[serviceNameLabel];
        if (service !== undefined) this.#loop.enqueue(`${metadata.namespace ?? ''}/${service}`);
      }),
    ];
  }

  serves(host: string, port: number): boolean {
    return this.#listeners.has(`${host}:${port}`);
  }

  async stop(): Promise<void> {
    for (const watch of this.#watches) watch.stop();
    await this.#loop.stop();
    for (const address of [...this.#listeners.keys()]) this.#close(address);
  }

  async #reconcile(key: string): Promise<undefined> {
    const { namespace, name } = parseKey(key);
    const { services, endpointSlices } = this.#parts.api;
    const service = services.get(name, namespace);
    const slices = endpointSlices
      .list(namespace)
      .filter(({ metadata }) => metadata.labels?.[serviceNameLabel] === name);
    const routes = service === undefined ? [] : routesOf(service, slices);
    const wanted = new Set(routes.map(({ host, port }) => `${host}:${port}`));
    for (const address of this.#addressesOf.get(key) ?? []) if (!wanted.has(address)) this.#close(address);
    this.#addressesOf.set(key, wanted);
    if (service === undefined) this.#addressesOf.delete(key);
    else for (const route of routes) await this.#serve(service, route);
  }

  async #serve(service: Service, route: Route): Promise<void> {
    const address = `${route.host}:${route.port}`;
    const known = this.#listeners.get(address);
    if (known !== undefined) {
      known.targets = route.targets;
      return;
    }
    const server = createServer({ allowHalfOpen: true });
    const listener: Listener = { server, sockets: new Set(), targets: route.targets, next: 0 };
    server.on('connection', (socket) => this.#forward(listener, socket));
    try {
      await listening(server, route);
      this.#listeners.set(address, listener);
    } catch (error) {
      const message = refusalOf(address, error);
      this.#parts.api.events.record(service, { type: 'Warning', reason: 'ClusterIPNotServed', message });
      this.#parts.log.warn({ service: service.metadata.name, address, error }, 'cluster IP not served');
    }
  }

  #forward(listener: Listener, client: Socket): void {
    const target = listener.targets[listener.next % Math.max(1, listener.targets.length)];
    listener.next += 1;
    client.on('error', () => client.destroy());
    if (target === undefined) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ ...target, allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      listener.sockets.add(socket);
      socket.once('close', () => listener.sockets.delete(socket));
      socket.setNoDelay(true);
    }
    upstream.on('error', () => client.resetAndDestroy());
    // A side that ended in order has its last bytes passed on by the pipes; only a broken one takes the other along.
    client.on('close', (broke) => {
      if (broke || !client.readableEnded) upstream.destroy();
    });
    upstream.on('close', () => {
      if (!upstream.readableEnded) client.destroy();
    });
    client.pipe(upstream);
    upstream.pipe(client);
  }

  #close(address: string): void {
    const listener = this.#listeners.get(address);
    if (listener === undefined) return;
    this.#listeners.delete(address);
    listener.server.close();
    for (const socket of listener.sockets) socket.destroy();
  }
}

function listening(server: Server, { host, port }: Route): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function refusalOf(address: string, error: unknown): string {
  const remedies: Record<string, string> = {
    EACCES: 'ports below 1024 need a privilege that this process does not have; use a higher Service port',
    EADDRINUSE: 'another process of this machine has it; stop that process or use another Service port',
    EADDRNOTAVAIL:
      'this machine does not answer on that loopback address; on macOS add it: sudo ifconfig lo0 alias',
  };
  const remedy = remedies[systemCodeOf(error) ?? ''] ?? messageOf(error);
  return `cannot listen on ${address}: ${remedy}`;
}
