/** Owns where the model of a pod comes from and where its containers find it. */
import type { Container, PodTemplate } from '../../../kube/kinds.ts';

type Volume = NonNullable<NonNullable<PodTemplate['spec']>['volumes']>[number];
type VolumeMount = NonNullable<Container['volumeMounts']>[number];

/** The volume of the model; its mount in the server, where it is only read, and in the fetcher, which fills it. */
export interface ModelVolume {
  readonly volume: Volume;
  readonly serverMount: VolumeMount;
  /** Absent where the model is there already. */
  readonly fetcherMount: VolumeMount | undefined;
}

const volumeName = 'model';
const mountPath = '/mnt/models';

/** Returns the volume of the model at `uri`: that of its claim (`pvc://claim/path`), or an empty one to be filled. */
export function makeModelVolume(uri: string, modelDirectory: string): ModelVolume {
  const [, claimName, path = ''] = /^pvc:\/\/([^/]+)(?:\/+(.*))?$/.exec(uri) ?? [];
  if (claimName === undefined) {
    return {
      volume: { name: volumeName, emptyDir: {} },
      serverMount: { name: volumeName, mountPath, readOnly: true },
      fetcherMount: { name: volumeName, mountPath },
    };
  }
  const subPath = path.replace(/\/+$/, '');
  return {
    volume: { name: volumeName, persistentVolumeClaim: { claimName, readOnly: true } },
    serverMount: {
      name: volumeName,
      mountPath: modelDirectory,
      readOnly: true,
      ...(subPath === '' ? {} : { subPath }),
    },
    fetcherMount: undefined,
  };
}
