/** Owns the volume by which every pod finds the API: token, certificate authority and namespace. Pure. */
import type { Container, Pod, ServiceAccount, Volume } from '../../controllers/objects/kinds.ts';

export const serviceAccountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumeName = 'kube-api-access';

/** Kubernetes asks for this lifetime, an hour and the seconds that tell it from others in audit logs. */
const tokenSeconds = 3_607;

/**
 * Returns the pod as its containers see it: with the volume of its service account mounted, unless the pod or the
 * account says no, and in each container that mounts nothing of its own there.
 */
export function withServiceAccount(pod: Pod, account: ServiceAccount | undefined): Pod {
  const wanted = pod.spec.automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true;
  const mountsItself = (container: Container): boolean =>
    (container.volumeMounts ?? []).some(({ mountPath }) => mountPath === serviceAccountPath);
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  if (!wanted || account === undefined || containers.every(mountsItself)) return pod;
  const mount = (container: Container): Container =>
    mountsItself(container)
      ? container
      : {
          ...container,
          volumeMounts: [
            ...(container.volumeMounts ?? []),
            { name: volumeName, mountPath: serviceAccountPath, readOnly: true },
          ],
        };
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: pod.spec.containers.map(mount),
      ...(pod.spec.initContainers === undefined
        ? {}
        : { initContainers: pod.spec.initContainers.map(mount) }),
      volumes: [...(pod.spec.volumes ?? []), makeVolume()],
    },
  };
}

function makeVolume(): Volume {
  return {
    name: volumeName,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: tokenSeconds } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  };
}
