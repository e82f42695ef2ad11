/** Owns the word for what a container needs to know of its pod. */
import type { Pod } from '../../controllers/objects/kinds.ts';
import type { PodVolumes } from '../volumes/pod-volumes.ts';
import type { PodAddresses } from '../world/downward.ts';
import type { NodeParts } from './node-parts.ts';

export interface PodSurroundings {
  readonly node: NodeParts;
  /** The pod with the volume of its service account. */
  readonly pod: () => Pod;
  readonly addresses: PodAddresses;
  readonly volumes: PodVolumes;
  readonly directory: string;
  readonly logDirectory: string;
  /** Something changed that the pod's status or plan depends on. */
  readonly changed: () => void;
}
