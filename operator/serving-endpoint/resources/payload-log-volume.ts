/** Owns the volume that a sidecar writes payload logs to, where the operator is told to give it one. */
import type { Container, PodTemplate } from '../../../kube/kinds.ts';
import type { OperatorConfig } from '../../config/operator-config.ts';

type Volume = NonNullable<NonNullable<PodTemplate['spec']>['volumes']>[number];

export const payloadLogVolume = 'payload-log';
const directory = '/var/lib/fairlead/payload-log';

/** Returns what of the sidecar's container and of the pod belongs to it. */
export function payloadLogOf({ sidecar }: OperatorConfig): {
  readonly args: string[];
  readonly mounts: NonNullable<Container['volumeMounts']>;
  readonly volumes: Volume[];
} {
  const { payloadLog } = sidecar;
  if (payloadLog === undefined) return { args: [], mounts: [], volumes: [] };
  return {
    args: ['--payload-log-dir', directory, '--payload-log-max-bytes', String(payloadLog.maxBytes)],
    mounts: [{ name: payloadLogVolume, mountPath: directory }],
    volumes: [{ ...payloadLog.volume, name: payloadLogVolume }],
  };
}
