/** Owns the tests of the words at the end. */
import { expect, it } from 'vitest';
import { nextSteps, typed } from './next-steps.ts';

it.each([
  [
    'a path below the working directory is typed short',
    '/home/a/fairlead/.fairlead/token',
    '/home/a/fairlead',
    '.fairlead/token',
  ],
  ['a path elsewhere is typed whole', '/tmp/home/token', '/home/a', '/tmp/home/token'],
  ['a path with a space is quoted', '/tmp/my home/token', '/home/a', "'/tmp/my home/token'"],
  ['a quote in a path is escaped', "/tmp/it's/token", '/home/a', "'/tmp/it'\\''s/token'"],
])('%s', (_name, path, cwd, expected) => {
  expect(typed(path, cwd)).toBe(expected);
});

it('shows the curl line of the README', () => {
  const text = nextSteps({
    url: 'http://127.0.0.1:8080/serving-endpoints/iris/invocations',
    token: '/repo/.fairlead/token',
    kubeconfig: '/repo/.fairlead/kubeconfig',
    logs: '/repo/.fairlead/logs',
    cwd: '/repo',
  });
  expect(text).toContain(
    'curl -H "Authorization: Bearer $(cat .fairlead/token)" -H \'Content-Type: application/json\'',
  );
  expect(text).toContain('KUBECONFIG=.fairlead/kubeconfig kubectl get servingendpoints');
});
