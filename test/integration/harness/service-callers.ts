/** Owns callers of a Service in tests: who is behind it, as nodes learn of it (a moment late), and steady load on it. */
import { Agent, request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startInformer } from '../../../kube/informer.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { endpointSlices } from '../../../kube/kinds.ts';
import type { EndpointSlice } from '../../../kube/kinds.ts';
import { makeLogger } from '../../../platform/logging.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface FollowedService {
  /** Whoever answers, as the nodes have it. */
  targets(): readonly Target[];
  stop(): Promise<void>;
}

/** Nodes follow a Service this much later than the API server knows. */
const lagMs = 300;

/** Follows a Service of the namespace `default`. */
export function followService(client: KubeClient, name: string): FollowedService {
  const informer = startInformer({
    transport: client.transport,
    kind: endpointSlices,
    namespace: 'default',
    labelSelector: `kubernetes.io/service-name=${name}`,
    log: makeLogger({ process: 'node', level: 'silent' }),
  });
  let seen: readonly Target[] = [];
  const timers = new Set<NodeJS.Timeout>();
  informer.onChange(() => {
    const next = informer.store.list().flatMap(targetsOf);
    const timer = setTimeout(() => {
      timers.delete(timer);
      seen = next;
    }, lagMs);
    timers.add(timer);
  });
  return {
    targets: () => seen,
    stop: async () => {
      await informer.stop();
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function targetsOf({ ports, endpoints }: EndpointSlice): Target[] {
  const port = ports?.find(({ name }) => name === 'https')?.port;
  if (port === undefined) return [];
  return (endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses.map((host) => ({ host, port })));
}

export interface DirectAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

export interface DirectCall {
  readonly to: Target;
  readonly path: string;
  readonly servername: string;
  readonly ca: string;
  readonly token: string | undefined;
  /** Keeps the connection; default: one of its own. */
  readonly agent?: Agent | undefined;
}

/** Sends one request over TLS. */
export function callDirect({ to, path, servername, ca, token, agent }: DirectCall): Promise<DirectAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<DirectAnswer>();
  const sent = request(
    {
      ...to,
      path,
      servername,
      ca,
      method: 'POST',
      agent: agent ?? false,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    },
    (response) => {
      response
        .resume()
        .once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }))
        .once('error', reject);
    },
  );
  sent.once('error', reject).end('{"inputs":[1]}');
  return promise;
}

export interface Load {
  readonly answered: () => number;
  /** Ends it, and returns in words what did not go well. */
  stop(): Promise<string[]>;
}

/** Some callers keep their connection for as long as it lasts, some open one for each request. */
export function startLoad(call: (agent?: Agent) => Promise<DirectAnswer>): Load {
  const end = new AbortController();
  const failures: string[] = [];
  let answered = 0;
  const agents = Array.from({ length: 2 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const loop = async (agent?: Agent): Promise<void> => {
    while (!end.signal.aborted) {
      const outcome = await call(agent).then(({ status }) => status, String);
      if (outcome === 200) answered += 1;
      else failures.push(String(outcome));
      await sleep(10);
    }
  };
  const callers = [loop(), loop(), ...agents.map(loop)];
  return {
    answered: () => answered,
    stop: async () => {
      end.abort();
      await Promise.all(callers);
      for (const agent of agents) agent.destroy();
      return failures;
    },
  };
}
