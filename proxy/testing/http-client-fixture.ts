/** Owns calling a proxy in tests: node's own client, plain or with a certificate. */
import { request as requestPlain } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as requestTls } from 'node:https';
import type { ListenAddress } from '../../platform/listener.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';
import { readBody } from './model-server-fixture.ts';

export interface TestAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly trailers: NodeJS.Dict<string>;
  readonly body: string;
  readonly json: unknown;
}

export interface TestCall {
  readonly to: ListenAddress;
  readonly path: string;
  readonly method?: string;
  readonly headers?: RequestOptions['headers'];
  readonly body?: string | Buffer;
  /** Speaks TLS and shows this certificate. */
  readonly tls?: TlsMaterial;
  readonly agent?: RequestOptions['agent'];
}

/** Opens a request without a body yet: for tests that stream or abort. */
export function openCall(call: TestCall): ClientRequest {
  const options: RequestOptions = {
    host: call.to.host,
    port: call.to.port,
    path: call.path,
    method: call.method ?? 'POST',
    headers: call.headers ?? {},
    ...(call.agent === undefined ? {} : { agent: call.agent }),
  };
  const { tls } = call;
  if (tls === undefined) return requestPlain(options);
  const { cert, key, ca } = tls;
  return requestTls({ ...options, cert, key, ca, checkServerIdentity: () => undefined });
}

/** Returns the head of the answer, whose body the test reads itself. */
export function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
}

/** Sends a request and returns its whole answer. */
export async function send(call: TestCall): Promise<TestAnswer> {
  const request = openCall(call);
  const answer = answerTo(request);
  request.end(call.body);
  const message = await answer;
  const body = await readBody(message);
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    trailers: message.trailers,
    body,
    json:
      message.headers['content-type']?.startsWith('application/json') === true ? JSON.parse(body) : undefined,
  };
}

/** Waits until `condition` holds; the test's own time limit is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
