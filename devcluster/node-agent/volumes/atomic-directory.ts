/** Owns how the files of a volume change: all at once, by swapping the `..data` link, as kubelet does. */
import { mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VolumeFiles } from './files.ts';

const dataLink = '..data';

/**
 * Makes `directory` show exactly `files`. A reader sees the old files or the new ones, never a mixture: the visible
 * names are links through `..data`, which is replaced in one step.
 */
export async function writeAtomically(directory: string, files: VolumeFiles): Promise<void> {
  await mkdir(directory, { recursive: true });
  const previous = await readlink(join(directory, dataLink)).catch(() => undefined);
  const version = `..${new Date().toISOString().replace(/[-:TZ]/g, '_')}${process.hrtime.bigint().toString(36)}`;
  await writeFiles(join(directory, version), files);
  const staged = join(directory, '..data_tmp');
  await rm(staged, { force: true });
  await symlink(version, staged);
  await rename(staged, join(directory, dataLink));
  await linkNames(directory, files);
  if (previous !== undefined) await rm(join(directory, previous), { recursive: true, force: true });
}

async function writeFiles(target: string, files: VolumeFiles): Promise<void> {
  await mkdir(target);
  for (const [path, { content, mode }] of files) {
    const file = join(target, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { mode });
  }
}

/** Links the first part of every path to its place behind `..data`, and removes the links that lead nowhere now. */
async function linkNames(directory: string, files: VolumeFiles): Promise<void> {
  const wanted = new Set([...files.keys()].map((path) => path.split('/', 1)[0] ?? path));
  for (const present of await readdir(directory)) {
    if (present.startsWith('..')) continue;
    if (!wanted.delete(present)) await rm(join(directory, present), { force: true });
  }
  for (const name of wanted) await symlink(join(dataLink, name), join(directory, name));
}
