import { describe, expect, it } from 'vitest';
import { aPod } from '../../controllers/objects/object-builders.ts';
import type { ConfigMap, Secret, Volume } from '../../controllers/objects/kinds.ts';
import { filesOf } from './files.ts';

const metadata = (name: string) => ({ name, uid: name, resourceVersion: '1', creationTimestamp: '' });
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const configMap: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadata('cm'),
  data: { 'a.json': '{}', 'b.txt': 'b' },
  binaryData: { bin: base64('\x00\x01') },
};
const secret: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: metadata('tls'),
  data: { 'tls.key': base64('key') },
};

function files(volume: Omit<Volume, 'name'>): Record<string, string> | undefined {
  const made = filesOf(
    { name: 'v', ...volume },
    {
      pod: aPod('web', { metadata: { labels: { b: '2', a: 'x"y' } } }),
      addresses: { podIP: '127.66.0.2', hostIP: '127.0.0.1' },
      allocatable: { cpu: '2' },
      lookups: {
        configMap: (name) => (name === 'cm' ? configMap : undefined),
        secret: (name) => (name === 'tls' ? secret : undefined),
      },
      tokens: new Map([['token', 'jwt']]),
    },
  );
  return made === undefined
    ? undefined
    : Object.fromEntries(
        [...made].map(([path, { content, mode }]) => [path, `${mode.toString(8)} ${content.toString()}`]),
      );
}

describe('the files of a volume', () => {
  it.each<[string, Omit<Volume, 'name'>, Record<string, string> | undefined]>([
    [
      'are all keys of a ConfigMap',
      { configMap: { name: 'cm' } },
      { 'a.json': '644 {}', 'b.txt': '644 b', bin: '644 \x00\x01' },
    ],
    [
      'are the chosen keys, under their paths and modes',
      {
        configMap: {
          name: 'cm',
          defaultMode: 0o400,
          items: [
            { key: 'a.json', path: 'x/y.json' },
            { key: 'b.txt', path: 'b', mode: 0o755 },
          ],
        },
      },
      { 'x/y.json': '400 {}', b: '755 b' },
    ],
    ['are the keys of a Secret, decoded', { secret: { secretName: 'tls' } }, { 'tls.key': '644 key' }],
    ['are none where an optional object is missing', { secret: { secretName: 'no', optional: true } }, {}],
    [
      'leave out missing keys where that is allowed',
      { configMap: { name: 'cm', optional: true, items: [{ key: 'no', path: 'no' }] } },
      {},
    ],
    [
      'are what the pod says about itself',
      {
        downwardAPI: {
          items: [
            { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
            {
              path: 'cpu',
              resourceFieldRef: { containerName: 'web', resource: 'limits.cpu', divisor: '1m' },
            },
          ],
        },
      },
      { labels: '644 a="x\\"y"\nb="2"', cpu: '644 2000' },
    ],
    [
      'are those of all sources of a projected volume',
      {
        projected: {
          defaultMode: 0o440,
          sources: [
            { serviceAccountToken: { path: 'token' } },
            { configMap: { name: 'cm', items: [{ key: 'a.json', path: 'a' }] } },
            { secret: { name: 'tls' } },
            { downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
          ],
        },
      },
      { token: '600 jwt', a: '440 {}', 'tls.key': '440 key', ns: '440 default' },
    ],
    ['are not ours to make for an emptyDir', { emptyDir: {} }, undefined],
  ])('%s', (_name, volume, expected) => {
    expect(files(volume)).toEqual(expected);
  });

  it.each<[string, Omit<Volume, 'name'>, string]>([
    ['a ConfigMap', { configMap: { name: 'no' } }, 'configmap "no" not found'],
    ['a Secret', { secret: { secretName: 'no' } }, 'secret "no" not found'],
    [
      'a key',
      { configMap: { name: 'cm', items: [{ key: 'no', path: 'no' }] } },
      'references non-existent config key: no',
    ],
    [
      'a key of a Secret',
      { secret: { secretName: 'tls', items: [{ key: 'no', path: 'x' }] } },
      'references non-existent secret key: no',
    ],
  ])('cannot be made without %s', (_name, volume, message) => {
    expect(() => files(volume)).toThrow(message);
  });

  it.each([
    ['outside of the volume', '../../etc/passwd', 'leads out of the volume'],
    ['outside of the volume by detours', 'a/../../b', 'leads out of the volume'],
    ['where the volume keeps its own links', '..data/x', 'must not start with ".."'],
    ['in the place of the volume itself', './', 'names no file'],
  ])('cannot lie %s', (_name, path, message) => {
    const items = [{ key: 'a.json', path }];
    expect(() => files({ configMap: { name: 'cm', items } })).toThrow(message);
  });
});
