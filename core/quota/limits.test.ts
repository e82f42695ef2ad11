import { describe, expect, it } from 'vitest';
import type { RateLimit } from '../../crds/schema/governance.ts';
import { bindingRules } from './limits.ts';

const limit = (key: RateLimit['key'], calls: number, principal?: string): RateLimit => ({
  key,
  calls,
  renewalPeriod: 'minute',
  ...(principal === undefined ? {} : { principal }),
});
const alice = { principal: 'alice', groups: ['tasters', 'staff'] };
const robot = { principal: 'system:serviceaccount:team-a:robot', groups: [] };

interface Row {
  readonly name: string;
  readonly limits: readonly RateLimit[];
  readonly caller: typeof alice;
  readonly all: readonly string[];
  readonly anyOf?: readonly (readonly string[])[];
}

const rows: readonly Row[] = [
  { name: 'no limits bind nobody', limits: [], caller: alice, all: [] },
  {
    name: 'calls and tokens of one limit are counted apart',
    limits: [{ ...limit('user', 3), tokens: 5 }],
    caller: alice,
    all: ['user/alice calls', 'user/alice tokens'],
  },
  {
    name: 'a limit on calls that names the user leaves the default on tokens in force',
    limits: [{ ...limit('user', 3), tokens: 5 }, limit('user', 7, 'alice')],
    caller: alice,
    all: ['user/alice calls', 'user/alice tokens'],
  },
  {
    name: 'calls and tokens of a group are used up together, groups each by itself',
    limits: [{ ...limit('userGroup', 50, 'staff'), tokens: 9 }, limit('userGroup', 5, 'tasters')],
    caller: alice,
    all: [],
    anyOf: [['userGroup/staff calls', 'userGroup/staff tokens'], ['userGroup/tasters calls']],
  },
  {
    name: 'a limit that is spread evenly has a counter of its own',
    limits: [limit('user', 3), { ...limit('user', 60), smoothing: { burstSeconds: 5 } }],
    caller: alice,
    all: ['user/alice calls', 'user/alice calls smoothed'],
  },
  {
    name: 'the limit of the endpoint is shared by all',
    limits: [limit('endpoint', 9)],
    caller: alice,
    all: ['endpoint/ calls'],
  },
  {
    name: 'the default for users counts each by name',
    limits: [limit('user', 3)],
    caller: alice,
    all: ['user/alice calls'],
  },
  {
    name: 'a limit that names the user replaces the default, not that of the endpoint',
    limits: [limit('endpoint', 9), limit('user', 3), limit('user', 7, 'alice')],
    caller: alice,
    all: ['endpoint/ calls', 'user/alice calls'],
  },
  {
    name: 'a limit that names somebody else binds nobody else',
    limits: [limit('user', 7, 'bob')],
    caller: alice,
    all: [],
  },
  {
    name: 'a limit of a group replaces the default for users',
    limits: [limit('user', 3), limit('userGroup', 50, 'staff')],
    caller: alice,
    all: [],
    anyOf: [['userGroup/staff calls']],
  },
  {
    name: 'in several groups each may let the request through',
    limits: [limit('userGroup', 50, 'staff'), limit('userGroup', 5, 'tasters')],
    caller: alice,
    all: [],
    anyOf: [['userGroup/staff calls'], ['userGroup/tasters calls']],
  },
  {
    name: 'a limit that names the user wins over those of groups',
    limits: [limit('userGroup', 50, 'staff'), limit('user', 7, 'alice')],
    caller: alice,
    all: ['user/alice calls'],
  },
  { name: 'groups of others bind nobody', limits: [limit('userGroup', 5, 'guests')], caller: alice, all: [] },
  {
    name: 'a group limit without a name holds for each group by itself',
    limits: [limit('userGroup', 5)],
    caller: alice,
    all: [],
    anyOf: [['userGroup/tasters calls'], ['userGroup/staff calls']],
  },
  {
    name: 'a limit that names a group replaces the default for groups',
    limits: [limit('userGroup', 5), limit('userGroup', 50, 'staff')],
    caller: alice,
    all: [],
    anyOf: [['userGroup/tasters calls'], ['userGroup/staff calls']],
  },
  {
    name: 'a service account has the default of service principals',
    limits: [limit('user', 3), limit('servicePrincipal', 8)],
    caller: robot,
    all: [`servicePrincipal/${robot.principal} calls`],
  },
  {
    name: 'a service account has the default of users where there is no other',
    limits: [limit('user', 3)],
    caller: robot,
    all: [`user/${robot.principal} calls`],
  },
  {
    name: 'a person does not have the default of service principals',
    limits: [limit('servicePrincipal', 8)],
    caller: alice,
    all: [],
  },
];

describe('bindingRules', () => {
  it.each(rows)('$name', ({ limits, caller, all, anyOf = [] }) => {
    const binding = bindingRules(limits, caller);
    expect(binding.all.map(({ id }) => id)).toEqual(all);
    expect(binding.anyOf.map((set) => set.map(({ id }) => id))).toEqual(anyOf);
  });

  it('counts the lowest of several limits on the same calls, and counts each call once', () => {
    const { all } = bindingRules([limit('endpoint', 9), limit('endpoint', 4), limit('endpoint', 6)], alice);
    expect(all).toMatchObject([{ id: 'endpoint/ calls', scope: 'endpoint', unit: 'calls', limit: 4 }]);
  });

  it('gives a group that is named its own limit', () => {
    const { anyOf } = bindingRules([limit('userGroup', 5), limit('userGroup', 50, 'staff')], alice);
    expect(anyOf.map(([rule]) => rule?.limit)).toEqual([5, 50]);
  });

  it.each([
    [60, 5, 5],
    [600, 1, 10],
    [10, 1, 1],
    [60, 60, 60],
  ])('%i calls, spread with a burst of %i seconds, give out %i at once', (calls, burstSeconds, burst) => {
    const { all } = bindingRules([{ ...limit('endpoint', calls), smoothing: { burstSeconds } }], alice);
    expect(all[0]?.burst).toBe(burst);
  });
});
