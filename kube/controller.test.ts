/** Owns the proof of what each outcome does to a key, and of how a controller starts, watches and stops. */
import { Writable } from 'node:stream';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../platform/errors.ts';
import { makeLogger } from '../platform/logging.ts';
import { ApiError } from './api-error.ts';
import { done, requeueAfter, startController, TerminalError } from './controller.ts';
import type { Controller, ControllerOptions, Outcome } from './controller.ts';
import { startInformer } from './informer.ts';
import { pods } from './kinds.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import { startFakeApiServer } from './testing/fake-api-server.ts';
import { plainTransport } from './testing/plain-access.ts';
import { aPod, isList, isWatch, modified, page, watching } from './testing/watch-answers.ts';

let registry: Registry;
let lines: Record<string, unknown>[];
let controller: Controller | undefined;
beforeEach(() => {
  registry = new Registry();
  lines = [];
});
afterEach(() => controller?.stop());

function start(options: Partial<ControllerOptions> & Pick<ControllerOptions, 'reconcile'>): Controller {
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, next) => {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      next();
    },
  });
  const log = makeLogger({ process: 'test', level: 'debug' }, destination);
  controller = startController({ name: 'test', log, metrics: makeKubeMetrics(registry), ...options });
  return controller;
}

const metricOf = async (name: string, labels: string): Promise<string | undefined> =>
  (await registry.metrics())
    .split('\n')
    .find((line) => line.startsWith(`${name}{${labels}}`))
    ?.split(' ')[1];
const resultOf = (result: string): Promise<string | undefined> =>
  metricOf('fairlead_controller_reconcile_total', `controller="test",result="${result}"`);

describe('an outcome', () => {
  /** Reconciles key k with the first outcome, and with `done` from then on; resolves with how often it was called. */
  async function callsAfter(first: () => Promise<Outcome>, waitMs = 60): Promise<number> {
    let calls = 0;
    const started = start({
      reconcile: () => {
        calls += 1;
        return calls === 1 ? first() : Promise.resolve(done);
      },
    });
    started.queue.add('k');
    await expect.poll(() => calls).toBeGreaterThanOrEqual(1);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    return calls;
  }
  const throwing = (error: Error) => (): Promise<Outcome> => Promise.reject(error);
  const conflict = new ApiError({ request: 'PUT /x', status: 409, reason: 'Conflict' });

  it.each<[string, () => Promise<Outcome>, calls: number, result: string]>([
    ['done is not called again', () => Promise.resolve(done), 1, 'success'],
    [
      'requeueAfter is called again after that time',
      () => Promise.resolve(requeueAfter(10)),
      2,
      'requeue_after',
    ],
    [
      'requeueAfter a long time is not called again soon',
      () => Promise.resolve(requeueAfter(60_000)),
      1,
      'requeue_after',
    ],
    ['an AppError is called again', throwing(new AppError('X', 'broken')), 2, 'error'],
    ['a conflict is called again', throwing(conflict), 2, 'error'],
    [
      'a TerminalError is not called again',
      throwing(new TerminalError('X', 'hopeless')),
      1,
      'terminal_error',
    ],
    ['a defect of ours is called again', throwing(new TypeError('x is undefined')), 2, 'panic'],
    [
      'a defect that throws before any promise is called again',
      () => {
        throw new TypeError('x is undefined');
      },
      2,
      'panic',
    ],
  ])('%s', async (_row, first, calls, result) => {
    await expect(callsAfter(first)).resolves.toBe(calls);
    await expect(resultOf(result)).resolves.toBe('1');
    expect(controller?.queue.failures('k')).toBe(0);
  });

  it('waits as long as the server asked', async () => {
    const error = new ApiError({ request: 'GET /x', status: 429, retryAfterMs: 60_000 });
    await expect(callsAfter(throwing(error))).resolves.toBe(1);
  });

  it('is logged with the controller, the key and one id for each reconcile', async () => {
    await callsAfter(throwing(new AppError('X', 'broken')));
    const [line] = lines;
    expect(line).toMatchObject({ controller: 'test', key: 'k', level: 'error', failures: 1 });
    expect(line?.['reconcileId']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is no error in the log where somebody else was faster', async () => {
    await callsAfter(throwing(conflict));
    expect(lines.map(({ level }) => level)).toEqual(['debug']);
  });

  it('of a key that keeps failing comes less and less often', async () => {
    let calls = 0;
    const started = start({
      reconcile: () => {
        calls += 1;
        return Promise.reject(new AppError('X', 'broken'));
      },
    });
    started.queue.add('k');
    await new Promise((resolve) => setTimeout(resolve, 200));
    // 5 + 10 + 20 + 40 + 80 ms pass before the sixth.
    expect(calls).toBeGreaterThanOrEqual(3);
    expect(calls).toBeLessThanOrEqual(6);
  });
});

describe('workers', () => {
  it('reconcile keys side by side, and one key never twice at once', async () => {
    let running = 0;
    let most = 0;
    const keys: string[] = [];
    const started = start({
      workers: 2,
      reconcile: async (key) => {
        keys.push(key);
        running += 1;
        most = Math.max(most, running);
        if (keys.length === 1) started.queue.add(key);
        await new Promise((resolve) => setTimeout(resolve, 20));
        running -= 1;
        return done;
      },
    });
    for (const key of ['a', 'b', 'c']) started.queue.add(key);
    await expect.poll(() => keys).toEqual(['a', 'b', 'c', 'a']);
    expect(most).toBe(2);
  });

  it('wait for the stores that they read', async () => {
    const ready = Promise.withResolvers<undefined>();
    let calls = 0;
    const started = start({
      waitFor: [{ synced: ready.promise }],
      reconcile: () => {
        calls += 1;
        return Promise.resolve(done);
      },
    });
    started.queue.add('k');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toBe(0);
    ready.resolve(undefined);
    await expect.poll(() => calls).toBe(1);
  });

  it('are counted while they reconcile', async () => {
    const release = Promise.withResolvers<Outcome>();
    const started = start({ reconcile: () => release.promise });
    started.queue.add('k');
    const active = (): Promise<string | undefined> =>
      metricOf('fairlead_controller_active_workers', 'controller="test"');
    await expect.poll(active).toBe('1');
    release.resolve(done);
    await expect.poll(active).toBe('0');
  });
});

describe('stop', () => {
  it('waits for the reconcile under way, tells it, and begins no other', async () => {
    const release = Promise.withResolvers<Outcome>();
    const keys: string[] = [];
    let told = false;
    const started = start({
      reconcile: (key, { signal }) => {
        keys.push(key);
        signal.addEventListener('abort', () => (told = true));
        return release.promise;
      },
    });
    started.queue.add('a');
    started.queue.add('b');
    await expect.poll(() => keys).toEqual(['a']);
    let stopped = false;
    const stopping = started.stop().then(() => (stopped = true));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([told, stopped]).toEqual([true, false]);
    release.resolve(done);
    await stopping;
    expect(keys).toEqual(['a']);
  });

  it('does not wait for stores that never fill', async () => {
    const started = start({
      waitFor: [{ synced: new Promise(() => undefined) }],
      reconcile: () => Promise.resolve(done),
    });
    await expect(started.stop()).resolves.toBeUndefined();
  });
});

describe('watching an informer', () => {
  it('enqueues the keys of each changed object, of its state before too', async () => {
    const api = await startFakeApiServer();
    const transport = plainTransport(api.url);
    const pod = aPod('a', '1');
    const owned = (owner: string, version: string) => ({
      metadata: { ...pod.metadata, resourceVersion: version, labels: { owner } },
    });
    api.always(isList, page([owned('x', '1')], '10'));
    api.always(isWatch, watching([modified(owned('y', '11'))], 'hold'));
    const keys: string[] = [];
    const started = start({
      reconcile: (key) => {
        keys.push(key);
        return Promise.resolve(done);
      },
    });
    const informer = startInformer({
      transport,
      kind: pods,
      log: makeLogger({ process: 'test', level: 'silent' }),
    });
    started.watch(informer, ({ metadata }) => [metadata?.labels?.['owner'] ?? '']);
    await expect.poll(() => keys).toEqual(['x', 'x', 'y']);
    await started.stop();
    await informer.stop();
    await transport.close();
    await api.stop();
  });
});
