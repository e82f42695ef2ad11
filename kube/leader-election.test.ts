/** Owns the proof that one process leads at a time, and that a leader who lost the lease writes nothing more. Longer than 300 lines, for all failures of one protocol share one harness. */
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeKubeClient } from './client.ts';
import { configMaps } from './kinds.ts';
import type { Lease } from './kinds.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import { startLeaderElection } from './leader-election.ts';
import type { LeaderElection, LeaderElectionOptions } from './leader-election.ts';
import { cut, json, refusal, silence, startFakeApiServer } from './testing/fake-api-server.ts';
import type { Answer, FakeApiServer, Matcher } from './testing/fake-api-server.ts';
import { isLeaseCreate, isLeaseRead, isLeaseWrite, serveLease } from './testing/lease-answers.ts';
import type { ServedLease } from './testing/lease-answers.ts';
import { plainTransport, silentLog } from './testing/plain-access.ts';
import type { KubeTransport } from './transport.ts';

/** The shortest lease that the API can tell is a second; the rest keeps the proportions of the real numbers. */
const durations = { leaseMs: 1_000, renewDeadlineMs: 900, retryMs: 40 };
/** For those who are meant to lose it. */
const hasty = { ...durations, renewDeadlineMs: 400 };

interface Candidate {
  readonly election: LeaderElection;
  readonly story: string[];
}

let api: FakeApiServer;
let transport: KubeTransport;
let lease: ServedLease;
let candidates: Candidate[];
beforeEach(async () => {
  api = await startFakeApiServer();
  transport = plainTransport(api.url);
  lease = serveLease(api);
  candidates = [];
});
afterEach(async () => {
  await Promise.all(candidates.map(({ election }) => election.stop()));
  await transport.close();
  await api.stop();
});

function enter(identity: string, options: Partial<LeaderElectionOptions> = {}): Candidate {
  const story: string[] = [];
  const election = startLeaderElection({
    client: makeKubeClient(transport),
    namespace: 'system',
    name: 'operator',
    identity,
    durations,
    log: silentLog,
    onStarted: () => story.push('started'),
    onLost: (reason) => story.push(`lost: ${reason}`),
    ...options,
  });
  const candidate = { election, story };
  candidates.push(candidate);
  return candidate;
}
const leads = ({ election }: Candidate): Promise<void> =>
  expect.poll(() => election.isLeader(), { timeout: 5_000 }).toBe(true);
const heldLease = (holderIdentity: string, renewTime: string): Lease => ({
  metadata: { name: 'operator', namespace: 'system' },
  spec: { holderIdentity, leaseDurationSeconds: 1, renewTime },
});
const holder = (): string | undefined => lease.current()?.spec?.holderIdentity;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const lost = 'lost: the lease was not renewed in time';

describe('becoming the leader', () => {
  it('creates the lease where there is none, and renews it', async () => {
    const one = enter('one');
    await leads(one);
    expect(one.story).toEqual(['started']);
    await expect.poll(() => lease.history.length).toBeGreaterThanOrEqual(3);
    const [first] = lease.history;
    const last = lease.current();
    expect(last?.spec).toMatchObject({ holderIdentity: 'one', leaseDurationSeconds: 1, leaseTransitions: 0 });
    expect(last?.spec?.acquireTime).toBe(first?.spec?.acquireTime);
    expect(last?.spec?.renewTime).not.toBe(first?.spec?.renewTime);
  });

  it('waits while another leads, and knows who', async () => {
    await leads(enter('one'));
    const two = enter('two_127.0.0.2:8444');
    await expect.poll(() => two.election.leaderIdentity()).toBe('one');
    await pause(1_100);
    expect(two.election.isLeader()).toBe(false);
    expect(two.story).toEqual([]);
  });

  it('takes over soon after a release', async () => {
    const one = enter('one');
    await leads(one);
    const two = enter('two');
    await expect.poll(() => two.election.leaderIdentity()).toBe('one');
    await one.election.stop();
    await leads(two);
    expect(lease.current()?.spec).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 });
  });

  it.each([
    ['whose clock is behind', '1999-01-01T00:00:00.000000Z'],
    ['whose clock is ahead', '2999-01-01T00:00:00.000000Z'],
  ])(
    'takes over from a silent holder %s after the lease has run out by our own clock',
    async (_row, renewTime) => {
      lease.put(heldLease('dead', renewTime));
      const startedAt = performance.now();
      const one = enter('one');
      await leads(one);
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_000);
      expect(one.story).toEqual(['started']);
    },
  );

  it('keeps what others wrote into the lease', async () => {
    const other = heldLease('', '1999-01-01T00:00:00.000000Z');
    lease.put({ ...other, metadata: { ...other.metadata, labels: { team: 'x' } } });
    await leads(enter('one'));
    expect(lease.current()?.metadata?.labels).toEqual({ team: 'x' });
  });

  it.each<[name: string, matcher: Matcher, answer: Answer]>([
    ['the read fails', isLeaseRead, refusal(500, 'InternalError')],
    ['the read is forbidden', isLeaseRead, refusal(403, 'Forbidden')],
    ['the connection breaks', isLeaseRead, cut],
    ['the create fails', isLeaseCreate, refusal(500, 'InternalError')],
    ['another creates it first', isLeaseCreate, refusal(409, 'AlreadyExists')],
    ['the read is never answered', isLeaseRead, silence],
  ])('tries again when %s', async (_row, matcher, answer) => {
    api.once(matcher, answer);
    const one = enter('one');
    await leads(one);
    expect(one.story).toEqual(['started']);
  });

  it('does not lead when another was faster to write', async () => {
    lease.put(heldLease('', '1999-01-01T00:00:00.000000Z'));
    api.once(isLeaseWrite, (response, request) => {
      lease.put(heldLease('faster', '2026-01-01T00:00:00.000000Z'));
      refusal(409, 'Conflict')(response, request);
    });
    const one = enter('one');
    await expect.poll(() => one.election.leaderIdentity()).toBe('faster');
    expect(one.story).toEqual([]);
  });
});

describe('what a new leader is told of the time before', () => {
  const told = async (identity: string): Promise<number | undefined> => {
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    enter(identity, { onStarted: resolve });
    return promise;
  };
  const before = '2026-01-01T00:00:00.000000Z';

  it('is nothing where there was no lease', async () => {
    expect(await told('one')).toBeUndefined();
  });

  it.each([
    ['another one held the lease last', ''],
    ['an earlier life of itself did', 'one'],
  ])('is when %s', async (_name, holderBefore) => {
    lease.put(heldLease(holderBefore, before));
    expect(await told('one')).toBe(Date.parse(before));
  });

  it('is not what it has written itself, where the answer to that was lost', async () => {
    lease.put(heldLease('', before));
    api.once(isLeaseWrite, (response, request) => {
      lease.put({
        ...(JSON.parse(request.body) as Lease),
        metadata: { name: 'operator', namespace: 'system' },
      });
      cut(response, request);
    });
    expect(await told('one')).toBe(Date.parse(before));
  });
});

describe('staying the leader', () => {
  it.each([
    ['fails with 500', refusal(500, 'InternalError')],
    ['is cut', cut],
    ['is never answered', silence],
    ['conflicts with a change that left us the holder', refusal(409, 'Conflict')],
  ])('goes on when one renewal %s', async (_row, answer) => {
    const one = enter('one');
    await leads(one);
    api.once(isLeaseWrite, answer);
    const before = lease.history.length;
    await expect.poll(() => lease.history.length, { timeout: 3_000 }).toBeGreaterThan(before + 2);
    expect(one.story).toEqual(['started']);
    expect(one.election.isLeader()).toBe(true);
  });

  it('goes on when somebody edited the lease but left us the holder', async () => {
    const one = enter('one');
    await leads(one);
    lease.put({ ...lease.current(), metadata: { ...lease.current()?.metadata, labels: { edited: 'yes' } } });
    const before = lease.history.length;
    await expect.poll(() => lease.history.length).toBeGreaterThan(before + 1);
    expect(one.story).toEqual(['started']);
    expect(lease.current()?.metadata?.labels).toEqual({ edited: 'yes' });
  });
});

describe('losing the lease', () => {
  const guarded = ({ election }: Candidate): Promise<unknown> =>
    makeKubeClient(transport, { guard: election.assertLeader }).create(configMaps, {
      metadata: { name: 'c', namespace: 'a' },
    });
  const isCreate: Matcher = ({ method, path }) => method === 'POST' && path.endsWith('/configmaps');
  const written = (): number => api.requests.filter(isCreate).length;
  beforeEach(() => api.always(isCreate, json({ metadata: {} })));

  it.each([
    ['refuses', refusal(503, 'ServiceUnavailable')],
    ['is silent', silence],
    ['is gone', cut],
  ])(
    'happens when the API server %s beyond the deadline; it is told once and is final',
    async (_row, answer) => {
      const one = enter('one', { durations: hasty });
      await leads(one);
      await guarded(one);
      api.always(({ path }) => path.includes('/leases'), answer);
      await expect.poll(() => one.story, { timeout: 3_000 }).toEqual(['started', lost]);
      expect(one.election.isLeader()).toBe(false);
      await expect(guarded(one)).rejects.toMatchObject({ code: 'KUBE_NOT_LEADER' });
      expect(written()).toBe(1);
      serveLease(api);
      await pause(200);
      expect(one.story).toEqual(['started', lost]);
      expect(one.election.isLeader()).toBe(false);
    },
  );

  it('happens at once when another holds the lease', async () => {
    const one = enter('one', { durations: hasty });
    await leads(one);
    lease.put(heldLease('usurper', '2026-01-01T00:00:00.000000Z'));
    await expect.poll(() => one.story).toEqual(['started', 'lost: usurper took the lease']);
    await one.election.stop();
    expect(holder()).toBe('usurper');
  });

  it('happens before anything else can act when the event loop stood still beyond the deadline', async () => {
    const one = enter('one', { durations: hasty });
    await leads(one);
    const attempt = new Promise((resolve) => {
      // Due while the loop stands still, and so among the first to run afterwards.
      setTimeout(() => resolve(guarded(one).catch((error: unknown) => error)), 5);
    });
    const until = performance.now() + hasty.renewDeadlineMs + 100;
    while (performance.now() < until);
    await expect(attempt).resolves.toMatchObject({ code: 'KUBE_NOT_LEADER' });
    expect(one.story).toEqual(['started', lost]);
    expect(written()).toBe(0);
  });

  it('happens on time even when no attempt is due', async () => {
    const one = enter('one', { durations: { ...hasty, retryMs: 60_000 } });
    await leads(one);
    await expect.poll(() => one.story, { timeout: 3_000 }).toEqual(['started', lost]);
  });

  it('counts from when a renewal was sent, for the others may have seen it then', async () => {
    let now = 0;
    const clock = { now: () => Date.now(), monotonic: () => now };
    api.once(isLeaseCreate, (response, request) => {
      now += hasty.renewDeadlineMs - 1;
      lease.put(JSON.parse(request.body) as Lease);
      json(lease.current())(response, request);
    });
    const one = enter('one', { durations: { ...hasty, retryMs: 60_000 }, clock });
    await leads(one);
    now += 1;
    expect(one.election.isLeader()).toBe(false);
    expect(one.story).toEqual(['started', lost]);
  });

  it('is not undone by a renewal whose answer comes after the deadline', async () => {
    let now = 0;
    const one = enter('one', { durations: hasty, clock: { now: () => Date.now(), monotonic: () => now } });
    await leads(one);
    api.once(isLeaseWrite, (response, request) => {
      now += hasty.renewDeadlineMs;
      lease.put(JSON.parse(request.body) as Lease);
      json(lease.current())(response, request);
    });
    await expect.poll(() => one.story).toEqual(['started', lost]);
    const renewals = lease.history.length;
    await pause(100);
    expect(lease.history).toHaveLength(renewals);
    expect(one.election.isLeader()).toBe(false);
  });

  it('does not begin when the very first answer came too late', async () => {
    let now = 0;
    const clock = { now: () => Date.now(), monotonic: () => now };
    api.once(isLeaseCreate, (response, request) => {
      now += hasty.renewDeadlineMs;
      lease.put(JSON.parse(request.body) as Lease);
      json(lease.current())(response, request);
    });
    const one = enter('one', { durations: hasty, clock });
    await leads(one);
    expect(one.story).toEqual(['started']);
    expect(lease.history.length).toBeGreaterThanOrEqual(2);
  });

  it('keeps a waiting process from writing too', async () => {
    lease.put(heldLease('other', '2026-01-01T00:00:00.000000Z'));
    await expect(guarded(enter('one', { durations: hasty }))).rejects.toMatchObject({
      code: 'KUBE_NOT_LEADER',
    });
    expect(written()).toBe(0);
  });
});

describe('stop', () => {
  it('hands the lease over and is not told as a loss', async () => {
    const one = enter('one');
    await leads(one);
    await one.election.stop();
    expect(holder()).toBe('');
    expect(one.election.isLeader()).toBe(false);
    expect(one.story).toEqual(['started']);
  });

  it.each([
    ['creates', undefined, isLeaseCreate],
    ['takes', '', isLeaseWrite],
  ])(
    'hands over also a lease that its first attempt %s without hearing of it',
    async (_row, before, write) => {
      if (before !== undefined) lease.put(heldLease(before, '1999-01-01T00:00:00.000000Z'));
      const { length } = lease.history;
      api.once(write, (_response, request) => lease.put(JSON.parse(request.body) as Lease));
      const one = enter('one');
      await expect.poll(() => lease.history.length).toBeGreaterThan(length);
      expect(holder()).toBe('one');
      await one.election.stop();
      expect(holder()).toBe('');
      expect(one.story).toEqual([]);
    },
  );

  it('leaves the lease of another alone', async () => {
    lease.put(heldLease('other', '2026-01-01T00:00:00.000000Z'));
    const one = enter('one');
    await expect.poll(() => one.election.leaderIdentity()).toBe('other');
    await one.election.stop();
    expect(lease.history).toHaveLength(1);
  });

  it('releases also when a renewal is under way that the server takes', async () => {
    const one = enter('one');
    await leads(one);
    api.once(isLeaseWrite, (_response, request) => lease.put(JSON.parse(request.body) as Lease));
    const before = lease.history.length;
    await expect.poll(() => lease.history.length).toBeGreaterThan(before);
    await one.election.stop();
    expect(holder()).toBe('');
  });

  it.each([
    ['the read fails', isLeaseRead],
    ['the write fails', isLeaseWrite],
  ])('ends even when the lease cannot be released because %s', async (_row, matcher) => {
    const one = enter('one');
    await leads(one);
    api.always(matcher, refusal(500, 'InternalError'));
    await expect(one.election.stop()).resolves.toBeUndefined();
    expect(one.election.isLeader()).toBe(false);
  });
});

describe('several candidates', () => {
  it('never lead together while leaders come and go', async () => {
    let most = 0;
    let waiting = ['one', 'two', 'three'].map((name) => enter(name));
    const watch = setInterval(() => {
      most = Math.max(most, candidates.filter(({ election }) => election.isLeader()).length);
    }, 1);
    while (waiting.length > 0) {
      await expect
        .poll(() => waiting.some(({ election }) => election.isLeader()), { timeout: 5_000 })
        .toBe(true);
      const leader = waiting.find(({ election }) => election.isLeader());
      waiting = waiting.filter((candidate) => candidate !== leader);
      await leader?.election.stop();
    }
    clearInterval(watch);
    expect(most).toBe(1);
    expect(lease.history.filter(({ spec }) => spec?.holderIdentity === '')).toHaveLength(3);
  });
});

describe('what is observed', () => {
  it('says whether this process leads', async () => {
    const registry = new Registry();
    const one = enter('one', { metrics: makeKubeMetrics(registry) });
    await leads(one);
    await expect(registry.metrics()).resolves.toContain(
      'fairlead_leader_election_leading{lease="operator"} 1',
    );
    await one.election.stop();
    await expect(registry.metrics()).resolves.toContain(
      'fairlead_leader_election_leading{lease="operator"} 0',
    );
  });
});
