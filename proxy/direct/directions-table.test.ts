import { afterEach, describe, expect, it } from 'vitest';
import type { Directions } from '../../core/routing/directions.ts';
import { Pool } from '../upstream/pool.ts';
import { DirectionsTable } from './directions-table.ts';

let now = 0;
let table: DirectionsTable | undefined;
afterEach(() => table?.stop());

function start(): { table: DirectionsTable; made: string[] } {
  const made: string[] = [];
  table = new DirectionsTable(
    ({ host, port }) => {
      made.push(host);
      return new Pool({ host, port, idleMs: 1_000 });
    },
    () => now,
  );
  return { table, made };
}

const directions = (version: string, ...routes: Directions['routes']): Directions => ({ version, routes });
const route = (servedEntity: string, percent: number, ...hosts: string[]): Directions['routes'][number] => ({
  servedEntity,
  percent,
  deployment: `d-${servedEntity}`,
  pods: hosts.map((host) => ({ host, port: 8443 })),
});

describe('directions', () => {
  it('are none at first', () => {
    const { table: empty } = start();
    expect([empty.isEmpty, empty.version, empty.next(), empty.pick('d-a')]).toEqual([
      true,
      '',
      undefined,
      undefined,
    ]);
  });

  it('split the traffic exactly, also as peers come and go', () => {
    const { table: one } = start();
    const turns: string[] = [];
    for (let turn = 0; turn < 100; turn += 1) {
      one.take(directions(String(turn), route('a', 90, `1.1.1.${turn}`), route('b', 10)));
      turns.push(one.next()?.servedEntity ?? '');
    }
    expect(turns.filter((name) => name === 'b')).toHaveLength(10);
    expect(one.version).toBe('99');
  });

  it('keep the connections to peers that stay', () => {
    const { table: one, made } = start();
    one.take(directions('1', route('a', 100, '1.1.1.1', '1.1.1.2')));
    const before = one.pick('d-a', [])?.pool;
    one.take(directions('2', route('a', 100, '1.1.1.2', '1.1.1.1')));
    expect(made).toEqual(['1.1.1.1', '1.1.1.2']);
    expect([one.pick('d-a')?.pool, one.pick('d-a')?.pool, one.pick('d-a')?.pool, before]).toContain(before);
  });

  it('forget Deployments that traffic no longer goes to', () => {
    const { table: one } = start();
    one.take(directions('1', route('a', 100, '1.1.1.1')));
    one.take(directions('2', route('b', 100, '1.1.1.2')));
    expect(one.pick('d-a')).toBeUndefined();
    expect(one.pick('d-b')).toBeDefined();
    expect([one.routeOf('a'), one.routeOf('b')?.percent]).toEqual([undefined, 100]);
  });

  it('pass over peers that could not be reached, for a while', () => {
    const { table: one } = start();
    one.take(directions('1', route('a', 100, '1.1.1.1', '1.1.1.2')));
    const suspect = one.pick('d-a')!;
    suspect.suspectUntil = now + 2_000;
    for (let turn = 0; turn < 5; turn += 1) expect(one.pick('d-a')).not.toBe(suspect);
    const other = one.pick('d-a')!;
    expect(one.pick('d-a', [other])).toBeUndefined();
    now += 2_000;
    expect(one.pick('d-a', [other])).toBe(suspect);
  });
});
