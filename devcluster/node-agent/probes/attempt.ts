/** Owns one try of a probe or lifecycle handler: HTTP, TCP, a command, a pause; the outcome in kubelet's words. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, systemCodeOf } from '../../../platform/errors.ts';
import type { Container, Probe } from '../../controllers/objects/kinds.ts';

export interface Attempt {
  readonly success: boolean;
  /** Why it failed, or what the command printed. */
  readonly message: string;
}

/** Runs a command in the container's world and returns its exit code and output; it is killed at the timeout. */
export type RunInContainer = (
  command: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
) => Promise<{ readonly exitCode: number; readonly output: string; readonly timedOut: boolean }>;

export interface AttemptContext {
  readonly container: Container;
  /** Where ports of the container are reached. */
  readonly podIP: string;
  readonly run: RunInContainer;
  readonly signal: AbortSignal;
}

type Lifecycle = NonNullable<Container['lifecycle']>;
/** What a probe or hook does; the fields are the same in both. */
export type Handler = Pick<Probe, 'httpGet' | 'tcpSocket' | 'exec' | 'grpc'> &
  Pick<NonNullable<Lifecycle['preStop']>, 'sleep'>;

/** Tries a handler once. Never throws: what goes wrong is the outcome. */
export async function attempt(
  handler: Handler,
  context: AttemptContext,
  timeoutMs: number,
): Promise<Attempt> {
  try {
    if (handler.httpGet !== undefined) return await attemptHttp(handler.httpGet, context, timeoutMs);
    if (handler.exec !== undefined) return await attemptExec(handler.exec.command ?? [], context, timeoutMs);
    if (handler.tcpSocket !== undefined) {
      const { host = context.podIP, port } = handler.tcpSocket;
      return await attemptTcp(host, portNumber(port, context.container), timeoutMs);
    }
    if (handler.sleep !== undefined) {
      const ms = Math.min(handler.sleep.seconds * 1_000, timeoutMs);
      await sleep(ms, undefined, { signal: context.signal });
      return { success: true, message: '' };
    }
  } catch (error) {
    return { success: false, message: messageOf(error) };
  }
  return {
    success: false,
    message: 'gRPC handlers are not supported by this node; use httpGet, tcpSocket or exec',
  };
}

function portNumber(port: number | string, container: Container): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port);
  if (Number.isInteger(named)) return named;
  throw new Error(`couldn't find port: "${port}" in container ${container.name}`);
}

async function attemptHttp(
  get: NonNullable<Probe['httpGet']>,
  { container, podIP, signal }: AttemptContext,
  timeoutMs: number,
): Promise<Attempt> {
  const scheme = (get.scheme ?? 'HTTP').toLowerCase();
  const host = get.host === undefined || get.host === '' ? podIP : get.host;
  const path = get.path ?? '/';
  const url = `${scheme}://${host}:${portNumber(get.port, container)}${path.startsWith('/') ? '' : '/'}${path}`;
  const headers: Record<string, string> = {
    'User-Agent': 'kube-probe/1.34',
    Accept: '*/*',
    Connection: 'close',
  };
  for (const { name, value } of get.httpHeaders ?? []) headers[name] = value;
  try {
    const status = await getStatus(url, headers, timeoutMs, signal);
    return status >= 200 && status < 400
      ? { success: true, message: '' }
      : { success: false, message: `HTTP probe failed with statuscode: ${status}` };
  } catch (error) {
    return { success: false, message: `Get "${url}": ${networkMessage(error, new URL(url).host)}` };
  }
}

/** Certificates are not verified, as kubelet does not: the probe knows the pod by its address alone. */
function getStatus(
  url: string,
  headers: Record<string, string>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<number> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  const timeout = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const options = {
      headers,
      agent: false,
      rejectUnauthorized: false,
      signal: AbortSignal.any([signal, timeout]),
    };
    const sent = request(url, options, (response) => {
      response.resume();
      // The status is the answer; a body that breaks off afterwards changes nothing.
      response.on('error', () => undefined);
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', (error) => {
      reject(timeout.aborted ? new Error('context deadline exceeded (Client.Timeout exceeded)') : error);
    });
    sent.end();
  });
}

function attemptTcp(host: string, port: number, timeoutMs: number): Promise<Attempt> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (outcome: Attempt): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(timeoutMs, () =>
      end({ success: false, message: `dial tcp ${host}:${port}: i/o timeout` }),
    );
    socket.once('connect', () => end({ success: true, message: '' }));
    socket.once('error', (error) => {
      end({ success: false, message: networkMessage(error, `${host}:${port}`) });
    });
  });
}

function networkMessage(error: unknown, address: string): string {
  const words: Record<string, string> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
  };
  const known = words[systemCodeOf(error) ?? ''];
  return known === undefined ? messageOf(error) : `dial tcp ${address}: ${known}`;
}

async function attemptExec(
  command: readonly string[],
  { run, signal }: AttemptContext,
  timeoutMs: number,
): Promise<Attempt> {
  const { exitCode, output, timedOut } = await run(command, timeoutMs, signal);
  if (timedOut) {
    return {
      success: false,
      message: `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs / 1_000}s`,
    };
  }
  return {
    success: exitCode === 0,
    message: output === '' && exitCode !== 0 ? `exit code ${exitCode}` : output,
  };
}
