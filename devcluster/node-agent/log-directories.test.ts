/** Owns the tests of where logs of pods lie and which are kept. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { aPod } from '../controllers/objects/object-builders.ts';
import { LogDirectories } from './log-directories.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fairlead-log-directories-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const pod = (namespace: string, name: string) =>
  aPod(name, { metadata: { namespace, uid: `${namespace}/${name}` } });

it('names the directory like the pod, and says the namespace where another pod has that name', () => {
  const logs = new LogDirectories(root);
  expect(logs.claim(pod('a', 'web'))).toBe(join(root, 'web'));
  expect(logs.claim(pod('b', 'web'))).toBe(join(root, 'b_web'));
});

it('never gives two pods one directory, whatever their names are', () => {
  const logs = new LogDirectories(root);
  const claimed = [pod('a', 'web'), pod('a', 'b.web'), pod('b', 'web')].map((each) => logs.claim(each));
  expect(new Set(claimed).size).toBe(3);
});

it('keeps the newest logs of pods that are gone, those of pods that are there, and what is not its own', async () => {
  const logs = new LogDirectories(root);
  logs.claim(pod('a', 'living'));
  for (const name of ['living', ...Array.from({ length: 25 }, (_, age) => `gone-${age}`)]) {
    mkdirSync(join(root, name));
    const age = name === 'living' ? 100 : Number(name.slice('gone-'.length));
    utimesSync(join(root, name), 1_000_000 - age, 1_000_000 - age);
  }
  writeFileSync(join(root, 'cluster.log'), '');
  utimesSync(join(root, 'cluster.log'), 1, 1);
  await logs.release('a/other');
  const kept = Array.from({ length: 20 }, (_, age) => `gone-${age}`);
  expect(new Set(readdirSync(root))).toEqual(new Set(['living', 'cluster.log', ...kept]));
});

it('has nothing to do where no log was ever written', async () => {
  await expect(new LogDirectories(join(root, 'none')).release('x')).resolves.toBeUndefined();
});
