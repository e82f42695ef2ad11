/** Owns what the files of ConfigMap, Secret, downward API and projected volumes contain. Pure. */
import { posix } from 'node:path';
import { AppError } from '../../../platform/errors.ts';
import type { ConfigMap, Pod, Secret, Volume } from '../../controllers/objects/kinds.ts';
import { fieldValue, resourceValue } from '../world/downward.ts';
import type { PodAddresses } from '../world/downward.ts';
import type { Lookups } from '../world/environment.ts';

export interface VolumeFile {
  readonly content: Buffer;
  /** Permission bits. */
  readonly mode: number;
}

/** Files by their path inside the volume. */
export type VolumeFiles = ReadonlyMap<string, VolumeFile>;

/** What the files are made from. */
export interface FileSources {
  readonly pod: Pod;
  readonly addresses: PodAddresses;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly lookups: Lookups;
  /** Tokens of `serviceAccountToken` projections, by the projection's path. */
  readonly tokens: ReadonlyMap<string, string>;
}

type Items = { key: string; path: string; mode?: number }[];
const defaultFileMode = 0o644;

const mountError = (message: string): AppError => new AppError('MOUNT_FAILED', message, { retryable: true });

/**
 * Returns the files of a volume, or undefined where the volume is not made of API objects.
 *
 * @throws AppError `MOUNT_FAILED` in kubelet's words where an object or key is missing.
 */
export function filesOf(volume: Volume, sources: FileSources): VolumeFiles | undefined {
  if (volume.configMap !== undefined) {
    return configMapFiles(volume.configMap, volume.configMap.defaultMode, sources);
  }
  if (volume.secret !== undefined) {
    const { secretName, ...secret } = volume.secret;
    return secretFiles({ ...secret, name: secretName ?? '' }, secret.defaultMode, sources);
  }
  if (volume.downwardAPI !== undefined) {
    return downwardFiles(volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode, sources);
  }
  if (volume.projected !== undefined) return projectedFiles(volume.projected, sources);
  return undefined;
}

interface Reference {
  readonly name?: string;
  readonly items?: Items;
  readonly optional?: boolean;
}

function configMapFiles(
  reference: Reference,
  mode: number | undefined,
  { lookups }: FileSources,
): VolumeFiles {
  const name = reference.name ?? '';
  const configMap: ConfigMap | undefined = lookups.configMap(name);
  if (configMap === undefined) return missing(reference, `configmap "${name}" not found`);
  const contents = new Map<string, Buffer>();
  for (const [key, text] of Object.entries(configMap.data ?? {}))
    contents.set(key, Buffer.from(text, 'utf8'));
  for (const [key, text] of Object.entries(configMap.binaryData ?? {})) {
    contents.set(key, Buffer.from(text, 'base64'));
  }
  return pick(contents, reference, mode, (key) => `references non-existent config key: ${key}`);
}

function secretFiles(reference: Reference, mode: number | undefined, { lookups }: FileSources): VolumeFiles {
  const name = reference.name ?? '';
  const secret: Secret | undefined = lookups.secret(name);
  if (secret === undefined) return missing(reference, `secret "${name}" not found`);
  const contents = new Map(
    Object.entries(secret.data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64')]),
  );
  return pick(contents, reference, mode, (key) => `references non-existent secret key: ${key}`);
}

function missing(reference: Reference, message: string): VolumeFiles {
  if (reference.optional === true) return new Map();
  throw mountError(message);
}

function pick(
  contents: ReadonlyMap<string, Buffer>,
  reference: Reference,
  defaultMode: number | undefined,
  absent: (key: string) => string,
): VolumeFiles {
  const mode = defaultMode ?? defaultFileMode;
  const files = new Map<string, VolumeFile>();
  if (reference.items === undefined) {
    for (const [key, content] of contents) files.set(key, { content, mode });
    return files;
  }
  for (const item of reference.items) {
    const content = contents.get(item.key);
    if (content !== undefined) files.set(safePath(item.path), { content, mode: item.mode ?? mode });
    else if (reference.optional !== true) throw mountError(absent(item.key));
  }
  return files;
}

type DownwardItems = NonNullable<NonNullable<Volume['downwardAPI']>['items']>;

function downwardFiles(
  items: DownwardItems,
  defaultMode: number | undefined,
  sources: FileSources,
): VolumeFiles {
  const files = new Map<string, VolumeFile>();
  for (const item of items) {
    const mode = item.mode ?? defaultMode ?? defaultFileMode;
    files.set(safePath(item.path), { content: Buffer.from(downwardText(item, sources)), mode });
  }
  return files;
}

function downwardText(item: DownwardItems[number], sources: FileSources): string {
  if (item.fieldRef !== undefined) return fieldValue(sources.pod, sources.addresses, item.fieldRef.fieldPath);
  const { containerName, ...reference } = item.resourceFieldRef ?? { containerName: '', resource: '' };
  const container = sources.pod.spec.containers.find(({ name }) => name === containerName);
  return resourceValue(container ?? {}, sources.allocatable, reference);
}

function projectedFiles(projected: NonNullable<Volume['projected']>, sources: FileSources): VolumeFiles {
  const files = new Map<string, VolumeFile>();
  const mode = projected.defaultMode;
  const addAll = (more: VolumeFiles): void => {
    for (const [path, file] of more) files.set(path, file);
  };
  for (const source of projected.sources ?? []) {
    if (source.configMap !== undefined) addAll(configMapFiles(source.configMap, mode, sources));
    if (source.secret !== undefined) addAll(secretFiles(source.secret, mode, sources));
    if (source.downwardAPI !== undefined)
      addAll(downwardFiles(source.downwardAPI.items ?? [], mode, sources));
    if (source.serviceAccountToken !== undefined) {
      const { path } = source.serviceAccountToken;
      // Kubelet gives a token only to its owner, whatever the volume's mode is.
      files.set(safePath(path), { content: Buffer.from(sources.tokens.get(path) ?? ''), mode: 0o600 });
    }
  }
  return files;
}

function safePath(path: string): string {
  const normal = posix.normalize(path);
  if (posix.isAbsolute(normal) || normal === '..' || normal.startsWith('../')) {
    throw mountError(`the path "${path}" leads out of the volume`);
  }
  // Kubelet's own links and directories have such names.
  if (normal.startsWith('..')) throw mountError(`the path "${path}" must not start with ".."`);
  if (normal === '.' || normal.endsWith('/')) throw mountError(`the path "${path}" names no file`);
  return normal;
}
