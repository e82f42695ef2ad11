import { describe, expect, it } from 'vitest';
import { AddressPool, checkPodAddress, loopbackRange } from './addresses.ts';

describe('pod addresses', () => {
  it('are one for each pod, and the same one again for the same pod', () => {
    const pool = new AddressPool(loopbackRange);
    expect(pool.allocate('a', 0)).toBe('127.66.0.2');
    expect(pool.allocate('b', 0)).toBe('127.66.0.3');
    expect(pool.allocate('a', 0)).toBe('127.66.0.2');
  });

  it('rest before another pod gets them, and run out only when all are taken', () => {
    const pool = new AddressPool(loopbackRange);
    const all = new Set<string>();
    for (let pod = 0; pod < 65_533; pod += 1) all.add(pool.allocate(`pod-${pod}`, 0));
    expect(all.size).toBe(65_533);
    expect(all.has('127.66.255.254')).toBe(true);
    pool.release('pod-7', 1_000);
    expect(() => pool.allocate('late', 30_000)).toThrow('no pod address is free');
    expect(pool.allocate('late', 61_000)).toBe('127.66.0.9');
  });

  it('come from the range that the node has, but for its first two and its last', () => {
    const pool = new AddressPool('10.244.1.8/29');
    const owners = ['a', 'b', 'c', 'd', 'e'];
    expect(owners.map((owner) => pool.allocate(owner, 0))).toEqual(
      [10, 11, 12, 13, 14].map((host) => `10.244.1.${host}`),
    );
    expect(() => pool.allocate('f', 0)).toThrow('no pod address is free in 10.244.1.8/29');
  });

  it('begin behind those that are skipped, and come round to them in the end', () => {
    const pool = new AddressPool('10.244.1.8/29', 8);
    const owners = ['a', 'b', 'c'];
    expect(owners.map((owner) => pool.allocate(owner, 0))).toEqual(
      [13, 14, 10].map((host) => `10.244.1.${host}`),
    );
  });

  it.each(['10.244.1.0', '10.244.1/24', '10.256.1.0/24', '10.244.1.0/30', 'fd00::/64'])(
    'do not come from "%s"',
    (range) => {
      expect(() => new AddressPool(range)).toThrow('is no range of pod addresses');
    },
  );

  it('are checked for the machine answering on them', async () => {
    expect(await checkPodAddress('192.0.2.1')).toMatchObject({
      code: 'POD_ADDRESS_UNUSABLE',
      message: expect.stringContaining('ip route add local') as string,
    });
  });
});
