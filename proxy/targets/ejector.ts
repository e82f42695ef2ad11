/** Owns taking pods out of traffic that fail while others do not, and letting them in again once they say they are well. */
import { isOutlier, letIn, mostOut, noteBad, noteGood, takeOut } from '../../core/routing/outlier.ts';
import type { OutlierRules } from '../../core/routing/outlier.ts';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Pod } from './pod.ts';

export interface EjectorOptions {
  readonly rules: OutlierRules;
  readonly clock: Clock;
  readonly log: Logger;
  /** All that could be sent requests, those that are out included. */
  readonly pods: () => readonly Pod[];
  /** Asks a pod whether it is well. */
  readonly probe: (pod: Pod) => Promise<boolean>;
  /** A pod has been taken out, or let in. */
  readonly onChange: () => void;
  readonly onEjected: () => void;
}

export class Ejector {
  readonly #options: EjectorOptions;
  readonly #timers = new Map<Pod, NodeJS.Timeout>();
  /** Good answers of all pods. */
  #good = 0;

  constructor(options: EjectorOptions) {
    this.#options = options;
  }

  /** How many pods are out. */
  get out(): number {
    return this.#timers.size;
  }

  noteGood(pod: Pod): void {
    noteGood(pod.record, (this.#good += 1));
  }

  noteBad(pod: Pod): void {
    const { rules, pods, onEjected } = this.#options;
    noteBad(pod.record, this.#good);
    const all = pods();
    if (!all.includes(pod)) return;
    const records = all.map(({ record }) => record);
    if (!isOutlier(pod.record, records, rules)) return;
    onEjected();
    this.#takeOut(pod);
  }

  /** Fewer pods may be left: who is out longest comes in while too many are out. */
  relent(): void {
    const { rules, pods } = this.#options;
    for (const pod of [...this.#timers.keys()]) {
      if (this.out > mostOut(pods().length, rules)) this.#letIn(pod);
    }
  }

  /** The pod is gone for good. */
  forget(pod: Pod): void {
    clearTimeout(this.#timers.get(pod));
    this.#timers.delete(pod);
    pod.record.isOut = false;
  }

  stop(): void {
    for (const pod of [...this.#timers.keys()]) this.forget(pod);
  }

  #takeOut(pod: Pod): void {
    const { rules, clock, log, onChange } = this.#options;
    const outMs = takeOut(pod.record, rules, clock.monotonic());
    log.info({ pod: pod.key, outMs }, 'pod taken out of traffic for its failures');
    this.#timers.set(pod, setTimeout(() => void this.#tryAgain(pod), outMs).unref());
    onChange();
  }

  async #tryAgain(pod: Pod): Promise<void> {
    const isWell = await this.#probe(pod);
    if (!this.#timers.has(pod)) return;
    if (!isWell) {
      this.#takeOut(pod);
      return;
    }
    this.#letIn(pod);
  }

  #letIn(pod: Pod): void {
    clearTimeout(this.#timers.get(pod));
    this.#timers.delete(pod);
    letIn(pod.record, this.#good, this.#options.clock.monotonic());
    this.#options.onChange();
  }

  async #probe(pod: Pod): Promise<boolean> {
    const { probe, log } = this.#options;
    try {
      return await probe(pod);
    } catch (error) {
      log.info({ pod: pod.key, cause: messageOf(error) }, 'pod that is out does not answer');
      return false;
    }
  }
}
