/** Owns the tests of the quickstart's settings. */
import { expect, it } from 'vitest';
import { readSettings, repository } from './settings.ts';

it.each([
  [
    'defaults: port 8080 and .fairlead in the repository',
    [],
    {},
    { port: 8080, home: `${repository}/.fairlead` },
  ],
  [
    'the environment chooses port and folder',
    [],
    { FAIRLEAD_PORT: '9090', FAIRLEAD_HOME: '/tmp/x' },
    { port: 9090, home: '/tmp/x' },
  ],
  [
    'a flag wins over the environment',
    ['--port', '9091'],
    { FAIRLEAD_PORT: '9090', FAIRLEAD_HOME: '/tmp/x' },
    { port: 9091, home: '/tmp/x' },
  ],
])('%s', (_name, argv, env, expected) => {
  expect(readSettings({ argv, env })).toEqual(expected);
});

it('refuses a port that is no port, naming how to set it', () => {
  expect(() => readSettings({ argv: [], env: { FAIRLEAD_PORT: 'http' } })).toThrow(/port: .*FAIRLEAD_PORT/);
});
