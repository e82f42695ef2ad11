import { describe, expect, it } from 'vitest';
import { leaderAddressOf, leaderIdentityOf } from './leader-address.ts';

describe('the identity of a leader', () => {
  it.each([
    ['10.0.0.7', '10.0.0.7:8444'],
    ['fd00::7', '[fd00::7]:8444'],
  ])('carries the address %s', (host, address) => {
    expect(leaderAddressOf(leaderIdentityOf('operator-1', host, 8444))).toBe(address);
  });

  it('of somebody else tells no address', () => {
    expect(leaderAddressOf(undefined)).toBeUndefined();
    expect(leaderAddressOf('somebody')).toBeUndefined();
  });
});
