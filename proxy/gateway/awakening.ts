/** Owns bringing a Deployment up for those who wait: its scale is written, and its pods are asked until one is ready. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import type { DeploymentTarget } from '../targets/deployment-target.ts';
import type { Pod } from '../targets/pod.ts';
import { probePod } from '../targets/probe-pod.ts';
import { scaleFromZero } from './scale-from-zero.ts';

export interface AwakeningOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly target: DeploymentTarget;
  readonly log: Logger;
  /** Sends on whom the pods can take by now. */
  readonly letGo: () => void;
  readonly onScaleWritten: () => void;
}

const fastestTickMs = 50;
const slowestTickMs = 200;
const tickGrowth = 1.15;
const scaleCheckMs = 5_000;
const firstRetryMs = 250;

export class Awakening {
  readonly #options: AwakeningOptions;
  readonly #over = new AbortController();
  #tickMs = fastestTickMs;
  #retryMs = firstRetryMs;
  /** Monotonic milliseconds at which it began; undefined: it is no start from zero, or over. */
  #measuredFrom: number | undefined;

  constructor(options: AwakeningOptions) {
    this.#options = options;
  }

  /** Begins. What fails is tried again until `stop`. */
  start(): void {
    void this.#keepScaled();
    void this.#keepAsking();
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#over.abort();
  }

  async #keepAsking(): Promise<void> {
    const { target, letGo } = this.#options;
    const stopListening = target.onChange(() => {
      this.#noteAwake();
      this.#lookAtPods();
    });
    this.#lookAtPods();
    while (await this.#pause(this.#tickMs)) {
      this.#tickMs = Math.min(slowestTickMs, this.#tickMs * tickGrowth);
      this.#lookAtPods();
      letGo();
    }
    stopListening();
  }

  /** Writes the scale, and looks again from time to time: somebody may have set it to 0 meanwhile. */
  async #keepScaled(): Promise<void> {
    const { target } = this.#options;
    let pauseMs: number;
    do {
      // Who waits while there are pods waits for room in them: there is nothing to wake.
      pauseMs = target.isAvailable ? slowestTickMs : await this.#wake();
    } while (await this.#pause(pauseMs));
  }

  /** Returns after what time to look again, in milliseconds. */
  async #wake(): Promise<number> {
    const { client, clock, target, log, onScaleWritten } = this.#options;
    const { namespace, deployment: name } = target;
    const startedAt = clock.monotonic();
    try {
      if ((await scaleFromZero(client, { namespace, name })) === 'written') {
        log.info({ namespace, deployment: name }, 'woken from zero');
        this.#measuredFrom = startedAt;
        onScaleWritten();
      }
      this.#retryMs = firstRetryMs;
      return scaleCheckMs;
    } catch (error) {
      const pauseMs = this.#retryMs;
      this.#retryMs = Math.min(scaleCheckMs, this.#retryMs * 2);
      log.warn({ namespace, deployment: name, cause: messageOf(error) }, 'waking failed, trying again');
      return pauseMs;
    }
  }

  /** Returns whether it is to go on afterwards. */
  async #pause(milliseconds: number): Promise<boolean> {
    const { signal } = this.#over;
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    return !signal.aborted;
  }

  /** Only who has woken it from zero knows how long that took. */
  #noteAwake(): void {
    const { clock, target } = this.#options;
    if (this.#measuredFrom === undefined || target.usable.length === 0) return;
    target.wakeTimes.note(clock.monotonic() - this.#measuredFrom);
    this.#measuredFrom = undefined;
  }

  /** Asks each pod that is not known to be ready, once at a time. */
  #lookAtPods(): void {
    for (const pod of this.#options.target.pods()) {
      if (!pod.probing && (!pod.usable || pod.suspectUntil > 0)) void this.#probe(pod);
    }
  }

  /** The connection stays open, and takes the first request. */
  async #probe(pod: Pod): Promise<void> {
    pod.probing = true;
    try {
      if (await probePod(pod)) this.#options.target.prove(pod);
    } catch (error) {
      // Nothing listens there yet, or no longer: the next tick asks again.
      this.#options.log.debug({ cause: messageOf(error) }, 'pod does not answer yet');
    } finally {
      pod.probing = false;
    }
  }
}
