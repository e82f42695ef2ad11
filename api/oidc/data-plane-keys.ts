/** Owns the keys of data-plane tokens as this process mounts them: what signs now, and what everybody may know. */
import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { dataPlaneKeysSchema, signingKeySchema } from '../../core/data-plane/token.ts';
import type { DataPlaneKey } from '../../core/data-plane/token.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import { watchFiles } from '../../platform/watched-file.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';

export interface DataPlaneKeys {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly published: { readonly keys: readonly DataPlaneKey[] };
}

/**
 * Watches the two files in `directory`.
 *
 * @throws AppError `DATA_PLANE_KEYS_INVALID`, or what reading the files throws, when there are no good ones yet.
 */
export function watchDataPlaneKeys(directory: string, log: Logger): Promise<WatchedFile<DataPlaneKeys>> {
  return watchFiles({
    paths: ['signing.json', 'jwks.json'].map((name) => join(directory, name)),
    parse: ([signing = '', published = '']) => parseDataPlaneKeys(signing, published),
    log,
  });
}

/** @throws AppError `DATA_PLANE_KEYS_INVALID`: nobody could verify what is signed with a key that is not published. */
export function parseDataPlaneKeys(signing: string, published: string): DataPlaneKeys {
  try {
    const { kid, privateKeyPem } = signingKeySchema.parse(JSON.parse(signing));
    const keys = dataPlaneKeysSchema.parse(JSON.parse(published));
    if (!keys.keys.some((key) => key.kid === kid))
      throw new Error(`the key ${kid} signs and is not published`);
    return { kid, privateKey: createPrivateKey(privateKeyPem), published: keys };
  } catch (cause) {
    throw new AppError('DATA_PLANE_KEYS_INVALID', 'the keys of data-plane tokens cannot be used', { cause });
  }
}
