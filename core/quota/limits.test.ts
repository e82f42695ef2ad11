import { describe, expect, it } from 'vitest';
import type { RateLimit } from '../../crds/schema/governance.ts';
import { bindingLimits } from './limits.ts';

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
  readonly anyOf?: readonly string[];
}

const rows: readonly Row[] = [
  { name: 'no limits bind nobody', limits: [], caller: alice, all: [] },
  {
    name: 'a limit on tokens alone binds no calls',
    limits: [{ key: 'user', tokens: 5, renewalPeriod: 'minute' }],
    caller: alice,
    all: [],
  },
  {
    name: 'the limit of the endpoint is shared by all',
    limits: [limit('endpoint', 9)],
    caller: alice,
    all: ['endpoint/'],
  },
  {
    name: 'the default for users counts each by name',
    limits: [limit('user', 3)],
    caller: alice,
    all: ['user/alice'],
  },
  {
    name: 'a limit that names the user replaces the default, not that of the endpoint',
    limits: [limit('endpoint', 9), limit('user', 3), limit('user', 7, 'alice')],
    caller: alice,
    all: ['endpoint/', 'user/alice'],
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
    anyOf: ['userGroup/staff'],
  },
  {
    name: 'in several groups each may let the request through',
    limits: [limit('userGroup', 50, 'staff'), limit('userGroup', 5, 'tasters')],
    caller: alice,
    all: [],
    anyOf: ['userGroup/staff', 'userGroup/tasters'],
  },
  {
    name: 'a limit that names the user wins over those of groups',
    limits: [limit('userGroup', 50, 'staff'), limit('user', 7, 'alice')],
    caller: alice,
    all: ['user/alice'],
  },
  { name: 'groups of others bind nobody', limits: [limit('userGroup', 5, 'guests')], caller: alice, all: [] },
  {
    name: 'a group limit without a name holds for each group by itself',
    limits: [limit('userGroup', 5)],
    caller: alice,
    all: [],
    anyOf: ['userGroup/tasters', 'userGroup/staff'],
  },
  {
    name: 'a limit that names a group replaces the default for groups',
    limits: [limit('userGroup', 5), limit('userGroup', 50, 'staff')],
    caller: alice,
    all: [],
    anyOf: ['userGroup/tasters', 'userGroup/staff'],
  },
  {
    name: 'a service account has the default of service principals',
    limits: [limit('user', 3), limit('servicePrincipal', 8)],
    caller: robot,
    all: [`servicePrincipal/${robot.principal}`],
  },
  {
    name: 'a service account has the default of users where there is no other',
    limits: [limit('user', 3)],
    caller: robot,
    all: [`user/${robot.principal}`],
  },
  {
    name: 'a person does not have the default of service principals',
    limits: [limit('servicePrincipal', 8)],
    caller: alice,
    all: [],
  },
];

describe('bindingLimits', () => {
  it.each(rows)('$name', ({ limits, caller, all, anyOf = [] }) => {
    const binding = bindingLimits(limits, caller);
    expect(binding.all.map(({ counter }) => counter)).toEqual(all);
    expect(binding.anyOf.map(({ counter }) => counter)).toEqual(anyOf);
  });

  it('counts the lowest of several limits on the same calls, and counts each call once', () => {
    const { all } = bindingLimits([limit('endpoint', 9), limit('endpoint', 4), limit('endpoint', 6)], alice);
    expect(all).toEqual([{ counter: 'endpoint/', scope: 'endpoint', calls: 4 }]);
  });

  it('gives a group that is named its own limit', () => {
    const { anyOf } = bindingLimits([limit('userGroup', 5), limit('userGroup', 50, 'staff')], alice);
    expect(anyOf.map(({ calls }) => calls)).toEqual([5, 50]);
  });
});
