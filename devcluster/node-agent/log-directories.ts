/** Owns which directory holds the logs of which pod, and that those of pods long gone do not fill the disk. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../controllers/objects/kinds.ts';

/** Logs of so many pods are kept after the pods have gone. */
const keptAfterwards = 20;

export class LogDirectories {
  readonly #root: string;
  readonly #ownerOf = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Returns `<root>/<pod name>`; where a living pod of another namespace has that, `<root>/<namespace>_<pod name>`. */
  claim(pod: Pod): string {
    const { name, namespace = '', uid } = pod.metadata;
    const owner = this.#ownerOf.get(name);
    // No name of a pod holds an underscore.
    const directory = owner === undefined || owner === uid ? name : `${namespace}_${name}`;
    this.#ownerOf.set(directory, uid);
    return join(this.#root, directory);
  }

  /** Lets go of a pod's directory and removes the oldest of those that no pod has any more. */
  async release(uid: string): Promise<void> {
    for (const [directory, owner] of this.#ownerOf) if (owner === uid) this.#ownerOf.delete(directory);
    const entries = await readdir(this.#root, { withFileTypes: true }).catch(() => []);
    // Files beside the directories are somebody else's.
    const names = entries
      .filter((entry) => entry.isDirectory() && !this.#ownerOf.has(entry.name))
      .map(({ name }) => name);
    const aged = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#root, name);
        const found = await stat(path).catch(() => undefined);
        return { path, modified: found?.mtimeMs ?? 0 };
      }),
    );
    const oldest = aged.sort((left, right) => right.modified - left.modified).slice(keptAfterwards);
    await Promise.all(oldest.map(({ path }) => rm(path, { recursive: true, force: true })));
  }
}
