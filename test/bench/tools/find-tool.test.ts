import { afterEach, expect, it, vi } from 'vitest';
import { checkTools, findTool } from './find-tool.ts';

afterEach(() => vi.unstubAllEnvs());

it.each([
  ['one tool', () => findTool('wrk'), 'wrk'],
  ['all that are missing, at once', () => checkTools(['wrk']), 'wrk'],
])('names the command that installs %s', (_name, ask, packages) => {
  vi.stubEnv('PATH', '/nowhere');
  expect(ask).toThrow(`install with (Debian, Ubuntu): apt-get install -y ${packages}`);
});
