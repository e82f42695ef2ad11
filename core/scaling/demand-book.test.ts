import { describe, expect, it } from 'vitest';
import { concurrencyMetric } from './concurrency-metric.ts';
import { DemandBook, demandKey } from './demand-book.ts';
import type { DemandSource } from './demand-book.ts';
import type { DemandEntry } from './demand-report.ts';
import { provenIdleMs } from './idleness.ts';

const key = demandKey('team', 'iris-1');
const start = 1_000_000;
const second = 1_000;

function aBook() {
  const book = new DemandBook({ stableWindowMs: 60_000, burstWindowMs: 6_000, expiryMs: 10_000 });
  const report = (
    at: number,
    numbers: { inFlight?: number; finished?: number } = {},
    from = 'pod-a',
    source: DemandSource = 'sidecar',
    instance = '1',
  ): void => {
    const { inFlight = 0, finished = 0 } = numbers;
    const entry = {
      namespace: 'team',
      endpoint: 'iris',
      deployment: 'iris-1',
      inFlight,
      queued: 0,
      finished,
      averageConcurrency: inFlight,
    };
    book.record({ reporter: from, instance, intervalMs: second, entries: [entry] }, source, at);
  };
  /** Reports nothing but being there, once a second. */
  const heartbeat = (from: number, seconds: number, pod = 'pod-a'): number => {
    for (let passed = 1; passed <= seconds; passed += 1) report(from + passed * second, {}, pod);
    return from + seconds * second;
  };
  return { book, report, heartbeat };
}

describe('DemandBook and idleness', () => {
  const idle = (book: DemandBook, now: number, pods = ['pod-a'], answersSince: number | undefined = start) =>
    provenIdleMs({ demand: book.demandOf(key, now), pods, answersSince });

  it('counts idle time from the first report, for what came before is not known', () => {
    const { book, heartbeat } = aBook();
    const now = heartbeat(start, 30);
    expect(idle(book, now)).toBe(29 * second);
  });

  it('counts idle time from the last demand, finished requests included', () => {
    const { book, report, heartbeat } = aBook();
    const busy = heartbeat(start, 5);
    report(busy, { finished: 1 });
    expect(idle(book, heartbeat(busy, 30))).toBe(30 * second);
  });

  it('counts what a gateway holds as demand', () => {
    const { book, report, heartbeat } = aBook();
    const now = heartbeat(start, 30);
    report(now, { inFlight: 1 }, 'gateway-1', 'gateway');
    expect(idle(book, now)).toBe(0);
  });

  it('counts from readiness, however long the model took to load', () => {
    const { book, heartbeat } = aBook();
    const now = heartbeat(start, 300);
    expect(idle(book, now, ['pod-a'], now - 2 * second)).toBe(2 * second);
  });

  it('counts up to the newest report, for a pod that fell silent may be busy', () => {
    const { book, heartbeat } = aBook();
    const silent = heartbeat(start, 5);
    expect(idle(book, silent + 9 * second)).toBe(4 * second);
    const now = heartbeat(silent, 9, 'pod-b');
    expect(idle(book, now, ['pod-a', 'pod-b'])).toBe(0);
  });

  it.each([
    ['nobody has ever reported', () => aBook().book],
    [
      'reports have stopped',
      () => {
        const { book, heartbeat } = aBook();
        heartbeat(start - 60 * second, 30);
        return book;
      },
    ],
    [
      'only a gateway reports',
      () => {
        const { book, report } = aBook();
        report(start, {}, 'gateway-1', 'gateway');
        return book;
      },
    ],
  ])('says nothing when %s', (_name, makeBook) => {
    expect(idle(makeBook(), start)).toBeUndefined();
  });

  it('says nothing while one of the pods is silent', () => {
    const { book, heartbeat } = aBook();
    const now = heartbeat(start, 30);
    expect(idle(book, now, ['pod-a', 'pod-b'])).toBeUndefined();
  });

  it('says nothing of a Deployment without pods, or that is not ready', () => {
    const { book, heartbeat } = aBook();
    const now = heartbeat(start, 30);
    expect(idle(book, now, [])).toBeUndefined();
    expect(
      provenIdleMs({ demand: book.demandOf(key, now), pods: ['pod-a'], answersSince: undefined }),
    ).toBeUndefined();
  });

  it('starts anew after a gap in the reports', () => {
    const { book, heartbeat } = aBook();
    const gap = heartbeat(start, 30) + 11 * second;
    expect(idle(book, heartbeat(gap, 5))).toBe(4 * second);
  });

  it('starts anew with a restarted sidecar', () => {
    const { book, report, heartbeat } = aBook();
    const now = heartbeat(start, 30);
    report(now + second, {}, 'pod-a', 'sidecar', '2');
    expect(idle(book, now + second)).toBe(0);
  });

  it('forgets silent reporters, and then the Deployment', () => {
    const { book, heartbeat } = aBook();
    const now = heartbeat(start, 3);
    book.prune(now + 5 * second);
    expect(book.keysIn('team')).toEqual([key]);
    book.prune(now + 11 * second);
    expect(book.keysIn('team')).toEqual([]);
  });
});

describe('the averages of a DemandBook', () => {
  it.each([
    ['a first report that covers the time without a leader', 20 * second],
    ['a first report that covers more than the window', 600 * second],
    ['a first report at the first held request', 0],
  ])('take %s for what it is', (_name, intervalMs) => {
    const book = new DemandBook({ stableWindowMs: 60_000, burstWindowMs: 6_000, expiryMs: 10_000 });
    const deployment = { namespace: 'team', endpoint: 'iris', deployment: 'iris-1' };
    const numbers = { inFlight: 2, queued: 0, finished: 0, averageConcurrency: 2 };
    const reportAt = (now: number, interval: number): void =>
      book.record(
        { reporter: 'pod-a', instance: '1', intervalMs: interval, entries: [{ ...deployment, ...numbers }] },
        'sidecar',
        now,
      );
    for (let passed = 0; passed <= 5; passed += 1) {
      reportAt(start + passed * second, passed === 0 ? intervalMs : second);
      const { stableAverage = 0, burstAverage = 0 } = book.demandOf(key, start + passed * second) ?? {};
      const expected = passed === 0 && intervalMs === 0 ? 0 : 2;
      expect(stableAverage).toBeCloseTo(expected);
      expect(burstAverage).toBeCloseTo(expected);
    }
  });
});

describe('a leader that is new', () => {
  const tell = (
    book: DemandBook,
    now: number,
    entry: Partial<DemandEntry>,
    intervalMs = 2 * second,
  ): void => {
    const names = { namespace: 'team', endpoint: 'iris', deployment: 'iris-1' };
    const numbers = { inFlight: 0, queued: 0, finished: 0, averageConcurrency: 0, ...entry };
    book.record(
      { reporter: 'pod-a', instance: '1', intervalMs, entries: [{ ...names, ...numbers }] },
      'sidecar',
      now,
    );
  };
  const history = [
    { averageConcurrency: 8, durationMs: 40 * second },
    { averageConcurrency: 2, durationMs: 20 * second },
  ];

  it('averages over what proxies saw before it led', () => {
    const { book } = aBook();
    tell(book, start, { averageConcurrency: 2, history });
    const demand = book.demandOf(key, start);
    // Of the minute up to now, 38 seconds had 8 and 22 had 2.
    expect(demand?.stableAverage).toBeCloseTo((38 * 8 + 22 * 2) / 60);
    expect(demand?.burstAverage).toBeCloseTo(2);
    expect(demand?.isSettled).toBe(true);
  });

  it('is told the whole window by the oldest pod, whoever reports first', () => {
    const { book, report } = aBook();
    report(start, {}, 'pod-b');
    expect(book.demandOf(key, start)?.isSettled).toBe(false);
    tell(book, start, { history });
    expect(book.demandOf(key, start)).toMatchObject({ isSettled: true });
  });

  it('takes a history once', () => {
    const { book } = aBook();
    tell(book, start, { averageConcurrency: 2, history });
    const once = book.demandOf(key, start)?.stableAverage;
    tell(book, start, { averageConcurrency: 2, history });
    expect(book.demandOf(key, start)?.stableAverage).toBe(once);
  });

  it('knows for how long there has been no demand', () => {
    const { book } = aBook();
    tell(book, start, { idleMs: 1_800 * second });
    expect(
      provenIdleMs({
        demand: book.demandOf(key, start),
        pods: ['pod-a'],
        answersSince: start - 3_600 * second,
      }),
    ).toBe(1_800 * second);
  });

  it('counts the time of a report whose answer got lost once', () => {
    const { book } = aBook();
    for (let passed = 0; passed < 60; passed += 1)
      tell(book, start + passed * second, { averageConcurrency: 4 }, second);
    tell(book, start + 60 * second, { averageConcurrency: 4 }, 5 * second);
    expect(book.demandOf(key, start + 60 * second)?.stableAverage).toBeCloseTo(4);
  });
});

describe('concurrencyMetric', () => {
  const demand = (stableAverage: number, burstAverage: number, pods: string[]) => ({
    stableAverage,
    burstAverage,
    isSettled: true,
    lastDemandAt: undefined,
    reporters: pods.map((pod) => ({
      pod,
      source: pod.startsWith('gateway') ? ('gateway' as const) : ('sidecar' as const),
      continuousSince: 0,
      lastAt: 0,
    })),
  });

  it.each([
    ['is the stable average', demand(6, 7, ['pod-a']), ['pod-a'], 6],
    ['is the burst average once that is twice as much', demand(6, 12, ['pod-a']), ['pod-a'], 12],
    [
      'takes silent pods to carry as much as the others',
      demand(6, 6, ['pod-a', 'pod-b']),
      ['pod-a', 'pod-b', 'pod-c'],
      9,
    ],
    ['is what gateways hold while no pod is ready', demand(3, 3, ['gateway-1']), [], 3],
    ['is unknown without reports', undefined, ['pod-a'], undefined],
    ['is unknown when no ready pod reports', demand(0, 0, ['gateway-1']), ['pod-a'], undefined],
  ])('%s', (_name, known, readyPods, expected) => {
    expect(concurrencyMetric(known, readyPods)).toBe(expected);
  });
});
