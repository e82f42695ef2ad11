import { mkdtemp, readFile, readdir, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAtomically } from './atomic-directory.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-volume-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const files = (contents: Record<string, string>) =>
  new Map(
    Object.entries(contents).map(([path, text]) => [path, { content: Buffer.from(text), mode: 0o640 }]),
  );
const visible = async (): Promise<string[]> =>
  (await readdir(directory)).filter((name) => !name.startsWith('..')).sort();

describe('the files of a volume', () => {
  it('are seen by their names, behind a link that is swapped', async () => {
    await writeAtomically(directory, files({ 'a.json': '1', 'deep/b.txt': '2' }));
    expect(await visible()).toEqual(['a.json', 'deep']);
    expect(await readFile(join(directory, 'deep/b.txt'), 'utf8')).toBe('2');
    expect(await readlink(join(directory, 'a.json'))).toBe('..data/a.json');
    expect((await stat(join(directory, 'a.json'))).mode & 0o777).toBe(0o640);
  });

  it('change together, and leave nothing behind', async () => {
    await writeAtomically(directory, files({ a: '1', gone: 'x' }));
    const before = await readlink(join(directory, '..data'));
    await writeAtomically(directory, files({ a: '2', b: '3' }));
    expect(await visible()).toEqual(['a', 'b']);
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('2');
    const hidden = (await readdir(directory)).filter((name) => name.startsWith('..')).sort();
    expect(hidden).not.toContain(before);
    expect(hidden).toHaveLength(2);
  });

  it('may become none', async () => {
    await writeAtomically(directory, files({ a: '1' }));
    await writeAtomically(directory, files({}));
    expect(await visible()).toEqual([]);
  });
});
