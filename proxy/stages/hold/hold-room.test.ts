import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusals } from '../../errors.ts';
import type { DeploymentTarget } from '../../targets/deployment-target.ts';
import { anExchange } from '../../testing/exchange-fixture.ts';
import { aTarget } from '../../testing/target-fixture.ts';
import { Held } from './held.ts';
import { HoldRoom } from './hold-room.ts';
import type { HoldBounds } from './hold-room.ts';

const wine = 'wine';
const beer = 'beer';
const pods = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ host: `127.0.0.${index + 2}`, port: 1, ready: true }));

interface Scene {
  readonly room: HoldRoom;
  readonly targets: Readonly<Record<string, DeploymentTarget>>;
  /** What has happened, e.g. `wakes wine`, `a goes on`. */
  readonly log: string[];
  readonly enter: (principal: string, endpoint?: string, bytes?: number) => { held: Held; isIn: boolean };
}

function makeScene(bounds: Partial<HoldBounds> = {}): Scene {
  const log: string[] = [];
  const targets: Scene['targets'] = {
    [wine]: aTarget({ endpoint: wine }),
    [beer]: aTarget({ endpoint: beer }),
  };
  const room: HoldRoom = new HoldRoom({
    bounds: {
      overall: { requests: 100, bytes: 1_000_000 },
      perEndpoint: { requests: 100, bytes: 1_000_000 },
      ...bounds,
    },
    now: () => 0,
    onPod: ({ flow }) => log.push(`${flow} goes on`),
    onEvicted: ({ flow }) => log.push(`${flow} makes room`),
    onFirst: ({ endpoint }) => log.push(`wakes ${endpoint}`),
    onEmpty: ({ endpoint }) => log.push(`leaves ${endpoint}`),
    onCount: () => undefined,
  });
  const inRoom = { overdue: () => refusals.deadline, released: (held: Held) => room.leave(held) };
  return {
    room,
    targets,
    log,
    enter: (principal, endpoint = wine, bytes = 1) => {
      const target = targets[endpoint] ?? aTarget();
      const held = new Held(inRoom, anExchange(principal, bytes), target, Number.POSITIVE_INFINITY);
      return { held, isIn: room.enter(held, false) };
    },
  };
}

describe('the room', () => {
  it('wakes a target for the first one, and leaves it alone when the last one has gone', () => {
    const { room, enter, log } = makeScene();
    const [one, other] = [enter('a'), enter('b')];
    room.leave(one.held);
    expect(log).toEqual(['wakes wine']);
    expect([room.leave(other.held), room.leave(other.held)]).toEqual([true, false]);
    expect(log).toEqual(['wakes wine', 'leaves wine']);
  });

  it('lets users go on in turn when a pod comes', () => {
    const { targets, enter, log } = makeScene();
    for (const user of ['a', 'a', 'a', 'b']) enter(user);
    targets[wine]?.setAddresses(pods(1));
    expect(log).toEqual(['wakes wine', 'a goes on', 'b goes on', 'a goes on', 'leaves wine', 'a goes on']);
  });

  it('gives a pod no more than it can take', () => {
    const { room, targets, enter } = makeScene();
    for (let count = 0; count < 70; count += 1) enter('a');
    const target = targets[wine] ?? aTarget();
    target.setAddresses(pods(2));
    expect([...target.pods()].map(({ inFlight }) => inFlight)).toEqual([32, 32]);
    expect(room.requests).toBe(6);
  });

  it('has room for one endpoint though another one has used up its own', () => {
    const { enter } = makeScene({ perEndpoint: { requests: 1, bytes: 1_000 } });
    expect([enter('a', wine).isIn, enter('a', wine).isIn, enter('a', beer).isIn]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('takes the place of whoever has most, at whatever endpoint', () => {
    const { enter, log } = makeScene({ overall: { requests: 3, bytes: 1_000 } });
    for (const endpoint of [wine, wine, beer]) enter('a', endpoint);
    expect(enter('b', beer).isIn).toBe(true);
    expect(log).toContain('a makes room');
  });

  it('never holds more than it may, and forgets nobody', () => {
    const step = fc.record({
      user: fc.constantFrom('a', 'b', 'c'),
      endpoint: fc.constantFrom(wine, beer),
      bytes: fc.integer({ min: 1, max: 50 }),
      leaves: fc.option(fc.nat(50), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.nat(8),
        fc.nat(6),
        fc.nat(150),
        (steps, all, each, bytes) => {
          const { room, targets, enter } = makeScene({
            overall: { requests: all, bytes },
            perEndpoint: { requests: each, bytes },
          });
          const waiters = (): Held[] => Object.values(targets).flatMap((target) => room.waiters(target));
          for (const { user, endpoint, bytes: size, leaves } of steps) {
            const gone = leaves === undefined ? undefined : waiters()[leaves];
            if (gone !== undefined) room.leave(gone);
            const before = waiters().length;
            const { held, isIn } = enter(user, endpoint, size);
            expect(waiters().includes(held)).toBe(isIn);
            if (!isIn) expect(waiters()).toHaveLength(before);
            for (const target of Object.values(targets))
              expect(room.waitingFor(target)).toBeLessThanOrEqual(each);
            expect(room.requests).toBeLessThanOrEqual(all);
            expect(room.bytes).toBeLessThanOrEqual(bytes);
            expect([room.requests, room.bytes]).toEqual([
              waiters().length,
              waiters().reduce((sum, waiter) => sum + waiter.bytes, 0),
            ]);
          }
          for (const target of Object.values(targets)) target.setAddresses(pods(4));
          expect([room.requests, room.bytes]).toEqual([0, 0]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
