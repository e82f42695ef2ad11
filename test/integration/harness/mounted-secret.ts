/** Owns the part of a kubelet in tests: a Secret as files that change with it, all in one step. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient } from '../../../kube/client.ts';
import { startInformer } from '../../../kube/informer.ts';
import { secrets } from '../../../kube/kinds.ts';
import type { Secret } from '../../../kube/kinds.ts';
import { systemCodeOf } from '../../../platform/errors.ts';
import { makeLogger } from '../../../platform/logging.ts';
import { until } from './until.ts';

export interface MountedSecret {
  /** Holds a file for each key. */
  readonly directory: string;
  stop(): Promise<void>;
}

/** Mounts a Secret once it is there; as a kubelet does, it writes a new folder and turns a link to it. */
export async function mountSecret(
  client: KubeClient,
  ref: { readonly namespace: string; readonly name: string },
): Promise<MountedSecret> {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-mount-'));
  let version = 0;
  let writing = Promise.resolve();
  const write = async ({ data = {} }: Secret): Promise<void> => {
    version += 1;
    const folder = `..${version}`;
    await mkdir(join(directory, folder));
    for (const [key, value] of Object.entries(data)) {
      await writeFile(join(directory, folder, key), Buffer.from(value, 'base64'));
      await symlink(join('..data', key), join(directory, key)).catch(isThere);
    }
    await symlink(folder, join(directory, '..next'));
    await rename(join(directory, '..next'), join(directory, '..data'));
  };
  const informer = startInformer({
    transport: client.transport,
    kind: secrets,
    namespace: ref.namespace,
    fieldSelector: `metadata.name=${ref.name}`,
    log: makeLogger({ process: 'kubelet', level: 'silent' }),
  });
  informer.onChange(({ type, object }) => {
    if (type !== 'deleted') writing = writing.then(() => write(object));
  });
  await until(`${ref.name} is mounted`, () => version > 0);
  await writing;
  return {
    directory,
    stop: async () => {
      await informer.stop();
      await writing;
      await rm(directory, { recursive: true });
    },
  };
}

function isThere(error: unknown): void {
  if (systemCodeOf(error) !== 'EEXIST') throw error;
}
