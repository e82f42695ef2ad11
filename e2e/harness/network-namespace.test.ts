import { expect, it } from 'vitest';
import { makeNamespaceCommand } from './network-namespace.ts';

it.each([
  ['root', true, ['unshare', '--net']],
  ['another user, who becomes root inside', false, ['unshare', '--map-root-user', '--net']],
])('is made by %s', (_name, isRoot, first) => {
  const [...words] = makeNamespaceCommand(['node', 'a b'], isRoot);
  const script =
    'ip link set lo up && ip route add local 10.244.0.0/16 dev lo && ip route add local 10.96.0.0/16 dev lo && exec "$@"';
  expect(words).toEqual([...first, '--', 'sh', '-c', script, 'sh', 'node', 'a b']);
});
