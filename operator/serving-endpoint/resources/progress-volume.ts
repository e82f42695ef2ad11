/** Owns the way on which a fetcher tells the sidecar how far it is: a volume of their own with one small file in it. */
import type { Container, PodTemplate } from '../../../kube/kinds.ts';

type Volume = NonNullable<NonNullable<PodTemplate['spec']>['volumes']>[number];
type VolumeMount = NonNullable<Container['volumeMounts']>[number];

const volumeName = 'fetch-progress';
const directory = '/run/fairlead/fetch';
const file = `${directory}/progress.json`;

/**
 * Not the model's volume: that holds the model and nothing else, and may be a claim that can only be read. In memory, so
 * that a full disk does not matter, that no write goes there, and that it is bounded by the kernel.
 */
export const progressVolume: Volume = {
  name: volumeName,
  emptyDir: { medium: 'Memory', sizeLimit: '1Mi' },
};

/** Of the fetcher, which is told by a variable: one of somebody else that knows nothing of it takes no harm. */
export const progressOfFetcher: { readonly env: Container['env'] & object; readonly mount: VolumeMount } = {
  env: [{ name: 'FAIRLEAD_PROGRESS_FILE', value: file }],
  mount: { name: volumeName, mountPath: directory },
};

/** Of the sidecar, which only reads. */
export const progressOfSidecar: { readonly args: readonly string[]; readonly mount: VolumeMount } = {
  args: ['--fetch-progress', file],
  mount: { name: volumeName, mountPath: directory, readOnly: true },
};
