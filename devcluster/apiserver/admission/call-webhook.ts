/** Owns the call to a webhook: where it is, how it is known, and how long it may take. */
import { request as httpsRequest } from 'node:https';
import type { RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { systemCodeOf } from '../../../platform/errors.ts';
import { findEndpoint } from '../aggregation/backend.ts';
import type { ServicePort } from '../aggregation/backend.ts';
import { ApiError } from '../errors/api-error.ts';
import { isObject, objectAt, objectsAt } from '../objects/kube-object.ts';
import type { JsonObject } from '../objects/kube-object.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { Hook } from './hook.ts';

/** A reviewer that answers with more than this has gone astray. */
const maxAnswerBytes = 8 * 1024 * 1024;

interface Target {
  readonly url: URL;
  /** `host:port` as Kubernetes dials it: of a Service, its cluster IP. */
  readonly dialled: string;
  readonly options: RequestOptions;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * POSTs a review and returns the parsed answer.
 *
 * @throws Error in Kubernetes' words for whatever goes wrong.
 */
export async function callWebhook(store: ObjectStore, hook: Hook, review: object): Promise<unknown> {
  const url = urlOf(hook);
  let dialled = '';
  try {
    const target = targetOf(store, hook, url);
    ({ dialled } = target);
    const { status, body } = await post(target, JSON.stringify(review), hook);
    if (status < 200 || status > 299) {
      throw new Error(
        `an error on the server (${JSON.stringify(body.slice(0, 200))}) has prevented the request from succeeding`,
      );
    }
    return JSON.parse(body) as unknown;
  } catch (error) {
    throw new Error(`Post ${JSON.stringify(url)}: ${explain(error, dialled)}`, { cause: error });
  }
}

/** Returns the URL as people read it in messages: with its port, also where that is the usual one. */
function urlOf({ clientConfig, timeoutSeconds }: Hook): string {
  const { url } = clientConfig;
  const timeout = `timeout=${timeoutSeconds}s`;
  if (typeof url === 'string') return `${url}${url.includes('?') ? '&' : '?'}${timeout}`;
  const service = objectAt(clientConfig, 'service');
  const { namespace, name, port } = reference(service);
  const path = typeof service['path'] === 'string' ? service['path'] : '/';
  return `https://${name}.${namespace}.svc:${port}${path}?${timeout}`;
}

function targetOf(store: ObjectStore, { clientConfig }: Hook, from: string): Target {
  const url = new URL(from);
  const bundle = clientConfig['caBundle'];
  const trust =
    typeof bundle === 'string' && bundle !== '' ? { ca: Buffer.from(bundle, 'base64').toString('utf8') } : {};
  const { service } = clientConfig;
  if (!isObject(service)) {
    const dialled = `${url.hostname}:${url.port === '' ? '443' : url.port}`;
    return { url, dialled, options: trust, headers: {} };
  }
  const wanted = reference(service);
  const dialled = `${clusterIpOf(store, wanted)}:${wanted.port}`;
  const endpoint = endpointOf(store, wanted);
  if (endpoint === undefined) throw new Error(refused(dialled));
  const { host, port, serverName } = endpoint;
  // The name stays in the URL: what is dialled is the endpoint.
  const options = { ...trust, host, hostname: host, port, servername: serverName };
  return { url, dialled, options, headers: { host: serverName } };
}

/** @throws Error in Kubernetes' words where there is no such Service or port. */
function clusterIpOf(store: ObjectStore, { namespace, name, port }: ServicePort): string {
  const service = store.get('services', namespace, name);
  if (service === undefined) throw new Error(`service "${name}" not found`);
  const spec = objectAt(service, 'spec');
  if (!objectsAt(spec, 'ports').some((each) => each['port'] === port)) {
    throw new Error(`no service port ${port} found for service "${name}"`);
  }
  return String(spec['clusterIP']);
}

/** Returns undefined where nobody stands behind the Service. */
function endpointOf(store: ObjectStore, service: ServicePort): ReturnType<typeof findEndpoint> | undefined {
  try {
    return findEndpoint(store, service);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

const refused = (dialled: string): string => `dial tcp ${dialled}: connect: connection refused`;

const reference = ({ namespace, name, port }: JsonObject) => ({
  namespace: String(namespace),
  name: String(name),
  port: Number(port ?? 443),
});

async function post(
  { url, options, headers }: Target,
  body: string,
  { timeoutSeconds }: Hook,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      url,
      {
        ...options,
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
        // The whole call counts, to the end of the answer.
        signal: AbortSignal.timeout(timeoutSeconds * 1_000),
        agent: false,
      },
      (response) => {
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxAnswerBytes) request.destroy(new Error('the answer is too long'));
        });
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
      },
    );
    request.once('error', reject).end(body);
  });
}

const untrusted = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

/** What Go's HTTP client calls the failures that people meet. */
function explain(error: unknown, dialled: string): string {
  const code = systemCodeOf(error) ?? '';
  if (error instanceof Error && ['TimeoutError', 'AbortError'].includes(error.name)) {
    return 'context deadline exceeded';
  }
  if (code === 'ECONNREFUSED') return refused(dialled);
  if (untrusted.has(code)) {
    return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  }
  return error instanceof Error ? error.message : String(error);
}
