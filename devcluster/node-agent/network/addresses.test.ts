import { describe, expect, it } from 'vitest';
import { AddressPool, checkLoopbackAddress } from './addresses.ts';

describe('pod addresses', () => {
  it('are one for each pod, and the same one again for the same pod', () => {
    const pool = new AddressPool();
    expect(pool.allocate('a', 0)).toBe('127.66.0.2');
    expect(pool.allocate('b', 0)).toBe('127.66.0.3');
    expect(pool.allocate('a', 0)).toBe('127.66.0.2');
  });

  it('rest before another pod gets them, and run out only when all are taken', () => {
    const pool = new AddressPool();
    const all = new Set<string>();
    for (let pod = 0; pod < 65_533; pod += 1) all.add(pool.allocate(`pod-${pod}`, 0));
    expect(all.size).toBe(65_533);
    expect(all.has('127.66.255.254')).toBe(true);
    pool.release('pod-7', 1_000);
    expect(() => pool.allocate('late', 30_000)).toThrow('no pod address is free');
    expect(pool.allocate('late', 61_000)).toBe('127.66.0.9');
  });

  it('are checked for the machine answering on them', async () => {
    expect(await checkLoopbackAddress('192.0.2.1')).toMatchObject({
      code: 'POD_ADDRESS_UNUSABLE',
      message: expect.stringContaining('ifconfig lo0 alias') as string,
    });
  });
});
