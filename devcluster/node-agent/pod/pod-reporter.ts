/** Owns what the API is told of one pod: its status whenever that changes, and at the end that the pod is gone. */
import { isDeepStrictEqual } from 'node:util';
import { Loop } from '../../controllers/loop/loop.ts';
import type { Pod, PodStatus } from '../../controllers/objects/kinds.ts';
import type { NodeParts } from './node-parts.ts';

export interface PodReporterOptions {
  readonly node: Pick<NodeParts, 'api' | 'log' | 'clock'>;
  readonly pod: Pod;
  /** Returns the status as it is now; it is called again for every try. */
  readonly statusOf: (pod: Pod) => PodStatus;
  /** Nothing of the pod runs any more and its object is gone. */
  readonly onRemoved: () => void;
}

/** Works beside the pod's containers: an API that is slow or away holds none of them up. */
export class PodReporter {
  readonly #options: PodReporterOptions;
  readonly #loop: Loop;
  /** The newest state that we know: the watch's, or what our own last write was answered with. */
  #pod: Pod;
  #removal: 'unwanted' | 'wanted' | 'done' = 'unwanted';

  constructor(options: PodReporterOptions) {
    this.#options = options;
    this.#pod = options.pod;
    const { log, clock } = options.node;
    const retryDelaysMs = { first: 50, longest: 5_000 };
    this.#loop = new Loop({ name: 'pod-status', reconcile: () => this.#sync(), log, clock, retryDelaysMs });
  }

  update(pod: Pod): void {
    this.#pod = pod;
  }

  /** Something changed that the status tells. */
  wake(): void {
    this.#loop.enqueue(this.#options.pod.metadata.uid);
  }

  /** Tells the last status, and then takes the object away. */
  remove(): void {
    if (this.#removal === 'unwanted') this.#removal = 'wanted';
    this.wake();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  async #sync(): Promise<undefined> {
    if (this.#removal === 'done') return;
    const { node, statusOf, onRemoved } = this.#options;
    const based = this.#pod;
    const status = statusOf(based);
    if (!isDeepStrictEqual(status, based.status)) {
      const written = await node.api.writePodStatus(based, status);
      // What the watch brought meanwhile is at least as new.
      if (written !== undefined && this.#pod === based) this.#pod = written;
    }
    if (this.#removal !== 'wanted') return;
    await node.api.removePod(this.#pod);
    this.#removal = 'done';
    onRemoved();
  }
}
