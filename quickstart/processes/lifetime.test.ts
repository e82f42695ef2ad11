/** Owns the tests of how a run ends. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Lifetime } from './lifetime.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] }));
afterEach(() => void vi.useRealTimers());

function recorded(lifetime: Lifetime, events: string[], name: string, stop = Promise.resolve()): void {
  lifetime.add({
    name,
    stop: () => {
      events.push(`stop ${name}`);
      return stop;
    },
    force: () => void events.push(`force ${name}`),
  });
}

it('ends what was started last first', async () => {
  const events: string[] = [];
  const lifetime = new Lifetime(1_000);
  recorded(lifetime, events, 'cluster');
  recorded(lifetime, events, 'connection');
  await expect(lifetime.end()).resolves.toBe(false);
  expect(events).toEqual(['stop connection', 'stop cluster']);
});

it('aborts the work under way and keeps the reason', () => {
  const lifetime = new Lifetime(1_000);
  lifetime.ask('SIGTERM');
  expect(lifetime.signal.aborted).toBe(true);
  expect(lifetime.reason).toBe('SIGTERM');
  expect(lifetime.failed).toBe(false);
});

it('tells an end that something broken asks for from one that somebody wanted', () => {
  const lifetime = new Lifetime(1_000);
  lifetime.ask('the cluster ended', 'failure');
  lifetime.ask('SIGINT');
  expect(lifetime.failed).toBe(true);
});

it('takes the second Ctrl-C of npm for an echo, and one a while later for impatience', () => {
  const events: string[] = [];
  const lifetime = new Lifetime(10_000);
  recorded(lifetime, events, 'cluster');
  lifetime.ask('SIGINT');
  vi.advanceTimersByTime(20);
  lifetime.ask('SIGINT');
  expect(events).toEqual([]);
  vi.advanceTimersByTime(2_000);
  lifetime.ask('SIGINT');
  expect(events).toEqual(['force cluster']);
});

it('goes on ending the rest when one end fails', async () => {
  const events: string[] = [];
  const lifetime = new Lifetime(1_000);
  recorded(lifetime, events, 'cluster');
  recorded(lifetime, events, 'connection', Promise.reject(new Error('broken')));
  await lifetime.end();
  expect(events).toEqual(['stop connection', 'force connection', 'stop cluster']);
});
