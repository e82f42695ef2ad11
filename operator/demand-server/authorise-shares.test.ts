import { describe, expect, it } from 'vitest';
import { authoriseShares } from './authorise-shares.ts';

const gateway = 'spiffe://td/ns/fairlead-system/sa/fairlead-gateway';
const wine = 'spiffe://td/ns/team/endpoint/wine';
const authority = { trustDomain: 'td', gatewayIdentity: gateway };
const report = {
  leaving: false,
  pools: ['', 'team/wine', 'team/rose', 'wine'].map((pool) => ({
    pool,
    fraction: 1,
    isTold: true,
    counters: [],
  })),
};

describe('authoriseShares', () => {
  it.each([
    ['a gateway of every pool', [gateway], ['', 'team/wine', 'team/rose', 'wine']],
    ['a sidecar of its own endpoint', [wine], ['team/wine']],
    ['an operator of none', ['spiffe://td/ns/fairlead-system/sa/fairlead-operator'], []],
    ['a caller without identity of none', [], []],
  ])('lets %s speak', (_name, identities, pools) => {
    expect(authoriseShares(report, identities, authority).pools.map(({ pool }) => pool)).toEqual(pools);
  });
});
