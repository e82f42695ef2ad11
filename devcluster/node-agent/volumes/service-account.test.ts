import { describe, expect, it } from 'vitest';
import { aPod } from '../../controllers/objects/object-builders.ts';
import type { Pod, ServiceAccount } from '../../controllers/objects/kinds.ts';
import { serviceAccountPath, withServiceAccount } from './service-account.ts';

const account: ServiceAccount = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'default', uid: 'sa', resourceVersion: '1', creationTimestamp: '' },
};
const mountPaths = (pod: Pod): string[] =>
  [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap(({ volumeMounts = [] }) =>
    volumeMounts.map(({ mountPath }) => mountPath),
  );

describe('the volume of the service account', () => {
  it('is mounted into every container', () => {
    const pod = aPod('web', { spec: { initContainers: [{ name: 'init' }], containers: [{ name: 'web' }] } });
    const seen = withServiceAccount(pod, account);
    expect(mountPaths(seen)).toEqual([serviceAccountPath, serviceAccountPath]);
    expect(seen.spec.volumes).toHaveLength(1);
  });

  it.each<[string, Pod, ServiceAccount | undefined]>([
    ['the pod does not want it', aPod('web', { spec: { automountServiceAccountToken: false } }), account],
    ['the account does not want it', aPod('web'), { ...account, automountServiceAccountToken: false }],
    ['there is no such account', aPod('web'), undefined],
  ])('is absent where %s', (_name, pod, known) => {
    expect(withServiceAccount(pod, known)).toBe(pod);
  });

  it('is there where the pod wants it and the account does not', () => {
    const pod = aPod('web', { spec: { automountServiceAccountToken: true } });
    expect(
      mountPaths(withServiceAccount(pod, { ...account, automountServiceAccountToken: false })),
    ).toHaveLength(1);
  });

  it('leaves a mount of the pod itself alone', () => {
    const volumeMounts = [{ name: 'own', mountPath: serviceAccountPath }];
    const pod = aPod('web', { spec: { containers: [{ name: 'web', volumeMounts }] } });
    expect(withServiceAccount(pod, account)).toBe(pod);
  });
});
