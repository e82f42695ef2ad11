/** Owns certificates for tests: an authority, and what gateway, operator and sidecars show. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificate, makeAuthority } from '../../platform/tls/authority.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import { endpointIdentity, serviceAccountIdentity } from '../../platform/tls/identity.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import { parseTlsMaterial } from '../../platform/tls/tls-material.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';

const validMs = 3_600_000;

export const gatewayIdentity = serviceAccountIdentity('cluster.local', 'fairlead-system', 'fairlead-gateway');
export const operatorIdentity = serviceAccountIdentity(
  'cluster.local',
  'fairlead-system',
  'fairlead-operator',
);
export const wineIdentity = endpointIdentity('cluster.local', 'team-a', 'wine');

export interface Pki {
  readonly authority: KeyPair;
  /** Returns what a workload with `identity` mounts. */
  material(identity: string): Promise<TlsMaterial>;
  /** Writes the same as files; returns their directory, removed by `removeDirectories`. */
  directory(identity: string): Promise<string>;
  removeDirectories(): Promise<void>;
}

export async function makePki(): Promise<Pki> {
  const authority = await makeAuthority({ commonName: 'test authority', now: Date.now(), validMs });
  const directories: string[] = [];
  const material = async (identity: string): Promise<TlsMaterial> => {
    const pair = await issueCertificate(authority, {
      commonName: 'test workload',
      uris: [identity],
      usages: ['server', 'client'],
      now: Date.now(),
      validMs,
    });
    return parseTlsMaterial(pair.certificatePem, pair.privateKeyPem, authority.certificatePem);
  };
  return {
    authority,
    material,
    directory: async (identity) => {
      const directory = await mkdtemp(join(tmpdir(), 'fairlead-tls-'));
      directories.push(directory);
      await writeTlsFiles(directory, await material(identity));
      return directory;
    },
    removeDirectories: async () => {
      for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
    },
  };
}

export async function writeTlsFiles(
  directory: string,
  { cert, key, ca }: Pick<TlsMaterial, 'cert' | 'key' | 'ca'>,
): Promise<void> {
  await writeFile(join(directory, 'tls.crt'), cert);
  await writeFile(join(directory, 'tls.key'), key);
  await writeFile(join(directory, 'ca.crt'), ca);
}

/** A watched file whose content the test sets. */
export interface SettableFile<Value> extends WatchedFile<Value> {
  set(value: Value): void;
}

export function settableFile<Value>(first: Value): SettableFile<Value> {
  let current = first;
  const listeners: ((value: Value) => void)[] = [];
  return {
    get current() {
      return current;
    },
    refusal: undefined,
    onChange: (listener) => {
      listeners.push(listener);
    },
    set: (value) => {
      current = value;
      for (const listener of listeners) listener(value);
    },
    stop: () => undefined,
  };
}
