/** Owns the log subresource of pods: the whole, the tail, or what is still to come, from the node agent's files. */
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCodeOf } from '../../../platform/errors.ts';
import { badRequest } from '../errors/api-error.ts';
import type { ContainerLog, NodeServices } from '../node-services.ts';
import { objectAt, objectsAt } from '../objects/kube-object.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { offsetSince, withTimestamps } from './log-lines.ts';

const followPollMs = 100;
const chunkBytes = 64 * 1024;

export interface LogOptions {
  readonly container: string;
  readonly previous: boolean;
  readonly follow: boolean;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  /** Milliseconds since the epoch. */
  readonly since: number | undefined;
  readonly timestamps: boolean;
}

/** @throws ApiError 400 where an option is not valid, or the pod has more than one container and none is named. */
export function parseLogOptions(pod: KubeObject, query: URLSearchParams, now = Date.now()): LogOptions {
  return {
    container: containerOf(pod, query.get('container') ?? ''),
    previous: query.get('previous') === 'true',
    follow: query.get('follow') === 'true',
    tailLines: count(query, 'tailLines'),
    limitBytes: count(query, 'limitBytes'),
    since: sinceOf(query, now),
    timestamps: query.get('timestamps') === 'true',
  };
}

function sinceOf(query: URLSearchParams, now: number): number | undefined {
  const seconds = count(query, 'sinceSeconds');
  const text = query.get('sinceTime');
  if (seconds !== undefined && text !== null) {
    throw badRequest('at most one of `sinceTime` or `sinceSeconds` may be specified');
  }
  if (seconds !== undefined) return now - seconds * 1_000;
  if (text === null) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw badRequest(`sinceTime: Invalid value: "${text}": must be an RFC 3339 time`);
  return time;
}

function count(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d+$/.test(text))
    throw badRequest(`${name}: Invalid value: "${text}": must be greater than or equal to 0`);
  return Number(text);
}

function containerOf(pod: KubeObject, wanted: string): string {
  const spec = objectAt(pod, 'spec');
  const containers = objectsAt(spec, 'containers').map((container) => String(container['name']));
  const all = [
    ...objectsAt(spec, 'initContainers').map((container) => String(container['name'])),
    ...containers,
  ];
  if (wanted !== '') {
    if (all.includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${pod.metadata.name}`);
  }
  const [only] = containers;
  if (only !== undefined && all.length === 1) return only;
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${all.join(' ')}]`,
  );
}

/** Streams the log. @throws ApiError 400 where the container (or its previous instance) has no log. */
export async function servePodLog(
  response: ServerResponse,
  pod: KubeObject,
  options: LogOptions,
  services: NodeServices | undefined,
): Promise<void> {
  const { name, namespace = '' } = pod.metadata;
  const { container, previous } = options;
  const log = services?.containerLog({ namespace, pod: name, container, previous });
  if (log === undefined) throw badRequest(absenceOf(pod, container, previous));
  if (log.times === undefined && (options.timestamps || options.since !== undefined)) {
    const what = options.timestamps ? 'timestamps' : 'sinceSeconds';
    throw badRequest(`${what} is not supported: this node keeps log lines without their times`);
  }
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  const closed = new AbortController();
  response.once('close', () => closed.abort());
  for await (const chunk of readLog(log, options, closed.signal)) {
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

/** Kubelet's words for a log that there is not. */
function absenceOf(pod: KubeObject, container: string, previous: boolean): string {
  const where = `container "${container}" in pod "${pod.metadata.name}"`;
  if (previous) return `previous terminated ${where} not found`;
  const status = objectAt(pod, 'status');
  const statuses = [...objectsAt(status, 'containerStatuses'), ...objectsAt(status, 'initContainerStatuses')];
  const known = statuses.find(({ name }) => name === container);
  if (known === undefined) return `${where} is not available`;
  const { reason } = objectAt(objectAt(known, 'state'), 'waiting');
  const words: Record<string, string> = {
    ErrImagePull: "image can't be pulled",
    ImagePullBackOff: 'trying and failing to pull image',
  };
  const why = typeof reason === 'string' ? reason : 'ContainerCreating';
  return `${where} is waiting to start: ${words[why] ?? why}`;
}

async function* readLog(log: ContainerLog, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
  const file = await openWhenThere(log, options.follow, signal);
  if (file === undefined) return;
  try {
    const start = await startOf(file, log, options);
    const chunks = readFrom(file, start, { log, options, signal });
    yield* options.timestamps ? withTimestamps(chunks, start, () => log.times?.() ?? []) : chunks;
  } finally {
    await file.close();
  }
}

async function startOf(file: FileHandle, log: ContainerLog, options: LogOptions): Promise<number> {
  const tail = options.tailLines === undefined ? 0 : await tailStart(file, options.tailLines);
  if (options.since === undefined) return tail;
  const { size } = await file.stat();
  return Math.max(tail, offsetSince(log.times?.() ?? [], options.since, size));
}

async function* readFrom(
  file: FileHandle,
  start: number,
  { log, options, signal }: { log: ContainerLog; options: LogOptions; signal: AbortSignal },
): AsyncGenerator<Buffer> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  let position = start;
  while (left > 0 && !signal.aborted) {
    // Asked before reading: what is written before the end is then read after it.
    const wasRunning = log.isRunning();
    const chunk = await readAt(file, position, Math.min(chunkBytes, left));
    position += chunk.length;
    left -= chunk.length;
    if (chunk.length > 0) yield chunk;
    else if (!options.follow || !wasRunning || (await wasReplaced(file, log.path))) return;
    else await sleep(followPollMs);
  }
}

/** A log that grew too large goes on in a new file: the follower ends here, rather than wait for ever. */
async function wasReplaced(file: FileHandle, path: string): Promise<boolean> {
  const [opened, current] = await Promise.all([file.stat(), stat(path).catch(() => undefined)]);
  return current?.ino !== opened.ino;
}

async function openWhenThere(
  log: ContainerLog,
  follow: boolean,
  signal: AbortSignal,
): Promise<FileHandle | undefined> {
  for (;;) {
    try {
      return await open(log.path, 'r');
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw error;
      if (!follow || !log.isRunning() || signal.aborted) return undefined;
      await sleep(followPollMs);
    }
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** Returns where the last `lines` lines begin, reading backwards. */
async function tailStart(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  let end = size;
  let found = 0;
  while (end > 0) {
    const start = Math.max(0, end - chunkBytes);
    const chunk = await readAt(file, start, end - start);
    for (let index = chunk.length - 1; index >= 0; index -= 1) {
      // The newline that ends the last line begins none.
      if (chunk[index] !== 0x0a || start + index === size - 1) continue;
      found += 1;
      if (found === lines) return start + index + 1;
    }
    end = start;
  }
  return lines === 0 ? size : 0;
}

/** Resolves when the client has read what was written, or has left. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
  });
}
