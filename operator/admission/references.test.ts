import { describe, expect, it } from 'vitest';
import { referencesIn } from './references.ts';

const rows: [sentence: string, value: object, references: string[]][] = [
  ['nothing', { name: 'iris', model: { uri: 'models:/iris/1' } }, []],
  ['the credentials of a model', { model: { credentials: { secretRef: { name: 's' } } } }, ['s']],
  ['the key of a provider', { openai: { apiKey: { secretRef: { name: 's', key: 'k' } } } }, ['s']],
  ['a variable', { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }, ['s']],
  ['all keys as variables', { containers: [{ envFrom: [{ secretRef: { name: 's' } }] }] }, ['s']],
  ['a volume', { volumes: [{ name: 'v', secret: { secretName: 's' } }] }, ['s']],
  [
    'a source of a projected volume',
    { volumes: [{ projected: { sources: [{ secret: { name: 's' } }, { configMap: { name: 'c' } }] } }] },
    ['s'],
  ],
  ['a CSI volume', { volumes: [{ csi: { driver: 'd', nodePublishSecretRef: { name: 's' } } }] }, ['s']],
  ['an older kind of volume', { volumes: [{ azureFile: { shareName: 'x', secretName: 's' } }] }, ['s']],
  ['pull secrets', { spec: { imagePullSecrets: [{ name: 'a' }, { name: 'b' }] } }, ['a', 'b']],
  [
    'an init container',
    { spec: { initContainers: [{ env: [{ valueFrom: { secretKeyRef: { name: 's' } } }] }] } },
    ['s'],
  ],
  ['a service account', { spec: { serviceAccountName: 'robot' } }, ['account robot']],
  ['a service account by its old name', { spec: { serviceAccount: 'robot' } }, ['account robot']],
  ['the token of the account, mounted', { spec: { automountServiceAccountToken: true } }, ['account ?']],
  ['the token of the account, not mounted', { spec: { automountServiceAccountToken: false } }, []],
  [
    'the token of the account, projected',
    { volumes: [{ projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }] },
    ['account ?'],
  ],
  [
    'a certificate of the account, projected',
    { volumes: [{ projected: { sources: [{ podCertificate: { signerName: 's', keyType: 'ED25519' } }] } }] },
    ['account ?'],
  ],
  ['a claim of a volume', { volumes: [{ persistentVolumeClaim: { claimName: 'c' } }] }, []],
];

describe('referencesIn', () => {
  it.each(rows)('finds %s', (_sentence, value, expected) => {
    const found = referencesIn(value, 'spec');
    expect(found.map(({ kind, name }) => (kind === 'Secret' ? name : `account ${name ?? '?'}`))).toEqual(
      expected,
    );
  });

  it('tells the path of the field', () => {
    const [found] = referencesIn(
      { env: [{ valueFrom: { secretKeyRef: { name: 's' } } }] },
      'spec.servedEntities[0]',
    );
    expect(found?.field).toBe('spec.servedEntities[0].env[0].valueFrom.secretKeyRef');
  });
});
