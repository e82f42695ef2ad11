/** Owns the proof that the image `fairlead` holds what it needs: built from what its Dockerfile copies, run by itself. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-image-'));
const source = join(dir, 'src');
const app = join(dir, 'app');

/** What the build stage copies out of the repository, as the Dockerfile says. */
const copied = [
  ...readFileSync('image/Dockerfile', 'utf8').matchAll(/^COPY (?!--from)(.+) (\S+)$/gm),
].flatMap(([, names = '']) => names.split(' '));

const run = (cwd: string, ...args: string[]) =>
  spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env: { NODE_ENV: 'production' } });

beforeAll(() => {
  for (const name of copied) {
    // As Dockerfile.dockerignore has it.
    const filter = (path: string): boolean => !path.endsWith('.test.ts');
    cpSync(name, join(source, name), { recursive: true, filter });
  }
  symlinkSync(resolve('node_modules'), join(source, 'node_modules'));
  const { status, stderr } = run(source, 'tools/build.ts', 'image');
  expect(stderr).toBe('');
  expect(status).toBe(0);
  rmSync(join(source, 'dist', 'inputs.json'));
  cpSync(join(source, 'dist'), app, { recursive: true });
  rmSync(source, { recursive: true });
});
afterAll(() => rmSync(dir, { recursive: true }));

const fairlead = (...args: string[]) => run(app, '--enable-source-maps', 'fairlead.js', ...args);

it('names the roles when it is started without one', () => {
  expect(fairlead()).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/operator, gateway, sidecar/) as string,
  });
});

it.each([
  ['operator', /podName: .*FAIRLEAD_POD_NAME/],
  ['sidecar', /etc\/fairlead\/sidecar\/config\.json/],
])('loads the %s, which says what it misses', (role, message) => {
  const { status, stdout, stderr } = fairlead(role);
  expect(stdout + stderr).toMatch(message);
  expect(status).toBe(1);
});

it('loads the gateway, which refuses a flag that it does not know', () => {
  const { status, stdout, stderr } = fairlead('gateway', '--no-such-flag', 'x');
  expect(stdout + stderr).toContain('--no-such-flag');
  expect(status).toBe(1);
});

it('holds JavaScript and source maps, and nothing else', () => {
  expect(readdirSync(app).filter((name) => !/\.js(\.map)?$/.test(name))).toEqual([]);
});
