/** Owns the volumes of one pod on this machine: where they are, and that their files follow the API objects. */
import { createHash } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../platform/errors.ts';
import type { Container, Pod, Volume } from '../../controllers/objects/kinds.ts';
import type { NodeApi } from '../node-api.ts';
import { expandReferences } from '../world/expansion.ts';
import type { World } from '../world/rewrite.ts';
import { writeAtomically } from './atomic-directory.ts';
import type { FileSources, VolumeFiles } from './files.ts';
import { filesOf } from './files.ts';
import { PodTokens } from './tokens.ts';

const mountError = (message: string): AppError => new AppError('MOUNT_FAILED', message, { retryable: true });

export class PodVolumes {
  readonly #directory: string;
  readonly #tokens: PodTokens;
  readonly #written = new Map<string, string>();

  /** `directory` holds one directory for each volume; what is there already is kept (an emptyDir after a restart). */
  constructor(directory: string, issue: NodeApi['issueToken']) {
    this.#directory = directory;
    this.#tokens = new PodTokens(issue);
  }

  /** Returns when the files should be looked at again because a token ages, in milliseconds since the epoch. */
  get refreshAt(): number | undefined {
    return this.#tokens.refreshAt;
  }

  /**
   * Makes every volume of the pod be there with its newest content.
   *
   * @throws AppError `MOUNT_FAILED` in kubelet's words, naming the volume; what was there before stays.
   */
  async update(pod: Pod, sources: Omit<FileSources, 'tokens'>, now: number): Promise<void> {
    for (const volume of pod.spec.volumes ?? []) {
      try {
        const tokens = await this.#tokens.of(pod, volume, now);
        await this.#updateOne(volume, filesOf(volume, { ...sources, tokens }));
      } catch (error) {
        // Kubelet's words: the cause follows behind its " : ".
        const message = `MountVolume.SetUp failed for volume "${volume.name}" `;
        throw new AppError('MOUNT_FAILED', message, { cause: error, retryable: true });
      }
    }
  }

  /** Returns where a container finds its mounts; `subPathExpr` may refer to `environment`. */
  async mountsOf(
    pod: Pod,
    container: Container,
    environment: Readonly<Record<string, string>>,
  ): Promise<World['mounts']> {
    const volumes = new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, volume]));
    const mounts: { mountPath: string; path: string }[] = [];
    for (const mount of container.volumeMounts ?? []) {
      const volume = volumes.get(mount.name);
      if (volume === undefined)
        throw mountError(`the container mounts volume "${mount.name}", which the pod lacks`);
      const root = volume.hostPath?.path ?? join(this.#directory, volume.name);
      const subPath = mount.subPath ?? expandReferences(mount.subPathExpr ?? '', environment);
      if (subPath.split('/').includes('..'))
        throw mountError(`the subPath "${subPath}" must not contain ".."`);
      const path = join(root, subPath);
      if (volume.emptyDir !== undefined) await mkdir(path, { recursive: true });
      mounts.push({ mountPath: mount.mountPath, path });
    }
    return mounts;
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #updateOne(volume: Volume, files: VolumeFiles | undefined): Promise<void> {
    const directory = join(this.#directory, volume.name);
    if (files !== undefined) {
      const digest = digestOf(files);
      if (this.#written.get(volume.name) === digest) return;
      await writeAtomically(directory, files);
      this.#written.set(volume.name, digest);
    } else if (volume.emptyDir !== undefined) await mkdir(directory, { recursive: true });
    else if (volume.hostPath !== undefined) await checkHostPath(volume.hostPath);
    else {
      const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
      const known = 'emptyDir, configMap, secret, projected, downwardAPI and hostPath';
      throw mountError(`volumes of type ${kind} do not exist on this node; it has ${known}`);
    }
  }
}

async function checkHostPath({ path, type = '' }: NonNullable<Volume['hostPath']>): Promise<void> {
  if (type === 'DirectoryOrCreate') {
    await mkdir(path, { recursive: true });
    return;
  }
  const found = await stat(path).catch(() => undefined);
  const isOfType: Record<string, () => boolean | undefined> = {
    '': () => true,
    Directory: () => found?.isDirectory(),
    File: () => found?.isFile(),
    Socket: () => found?.isSocket(),
  };
  const fits = isOfType[type]?.() === true;
  if (!fits) throw mountError(`hostPath type check failed: ${path} is not a ${type.toLowerCase()}`);
}

function digestOf(files: VolumeFiles): string {
  const hash = createHash('sha256');
  for (const [path, { content, mode }] of files)
    hash.update(`${path}\n${mode}\n${content.length}\n`).update(content);
  return hash.digest('hex');
}
