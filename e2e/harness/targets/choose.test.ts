import { expect, it } from 'vitest';
import { chooseTarget } from './choose.ts';

it.each([
  ['nothing is said', {}, 'control-plane'],
  ['a kubeconfig is given', { E2E_KUBECONFIG: '/x' }, 'given'],
  ['a target is named', { E2E_TARGET: 'devcluster' }, 'devcluster'],
  ['a target is named beside a kubeconfig', { E2E_TARGET: 'devcluster', E2E_KUBECONFIG: '/x' }, 'devcluster'],
])('where %s', (_name, env, expected) => {
  expect(chooseTarget(env, 'control-plane')).toBe(expected);
});

it.each([
  ['a target that does not exist', { E2E_TARGET: 'moon' }, 'E2E_TARGET_UNKNOWN'],
  ['a given cluster that is not given', { E2E_TARGET: 'given' }, 'E2E_KUBECONFIG_MISSING'],
])('refuses %s', (_name, env, code) => {
  expect(() => chooseTarget(env, 'devcluster')).toThrow(expect.objectContaining({ code }) as Error);
});
