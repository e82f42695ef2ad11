/** Owns bringing a Deployment up for those who wait: its scale is written, and its pods are asked until one is ready. */
import { setTimeout as sleep } from 'node:timers/promises';
import { timelineOf } from '../../core/cold-start/start-timeline.ts';
import type { StartTimeline } from '../../core/cold-start/start-timeline.ts';
import { parseTimings } from '../../core/cold-start/timings.ts';
import type { KubeClient } from '../../kube/client.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import { headerOf } from '../http1/header-of.ts';
import { awaitReadyPath, startTimesHeader } from '../sidecar-paths.ts';
import { ask } from '../upstream/ask.ts';
import type { DeploymentTarget } from '../targets/deployment-target.ts';
import type { Pod } from '../targets/pod.ts';
import { scaleFromZero } from './scale-from-zero.ts';

export interface AwakeningOptions {
  readonly client: KubeClient;
  readonly target: DeploymentTarget;
  readonly log: Logger;
  /** Sends on whom the pods can take by now. */
  readonly letGo: () => void;
  readonly onScaleWritten: () => void;
  /** Told once of a Deployment that was at zero: where the time from `from` until its first pod was ready went. */
  readonly onStarted: (start: StartTimeline, from: number) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const fastestTickMs = 50;
const slowestTickMs = 200;
const tickGrowth = 1.15;
/** Longer than a sidecar takes to say that it is not ready yet. */
const probeTimeoutMs = 8_000;
const scaleCheckMs = 5_000;
const firstRetryMs = 250;

export class Awakening {
  readonly #options: AwakeningOptions;
  readonly #over = new AbortController();
  readonly #begunAt: number;
  #tickMs = fastestTickMs;
  #retryMs = firstRetryMs;
  #hasWoken = false;

  constructor(options: AwakeningOptions) {
    this.#options = options;
    this.#begunAt = options.now();
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
    const stopListening = target.onChange(() => this.#lookAtPods());
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
    const { client, target, log, onScaleWritten } = this.#options;
    const { namespace, deployment: name } = target;
    let pauseMs: number;
    do {
      pauseMs = scaleCheckMs;
      try {
        if ((await scaleFromZero(client, { namespace, name })) === 'written') {
          log.info({ namespace, deployment: name }, 'woken from zero');
          this.#hasWoken = true;
          onScaleWritten();
        }
        this.#retryMs = firstRetryMs;
      } catch (error) {
        pauseMs = this.#retryMs;
        this.#retryMs = Math.min(scaleCheckMs, this.#retryMs * 2);
        log.warn({ namespace, deployment: name, cause: messageOf(error) }, 'waking failed, trying again');
      }
    } while (await this.#pause(pauseMs));
  }

  /** Returns whether it is to go on afterwards. */
  async #pause(milliseconds: number): Promise<boolean> {
    const { signal } = this.#over;
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    return !signal.aborted;
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
      const { status, headers } = await ask(pod.pool, {
        method: 'GET',
        path: awaitReadyPath,
        timeoutMs: probeTimeoutMs,
      });
      if (status === 200) this.#noteReady(pod, headerOf(headers, startTimesHeader));
    } catch (error) {
      // Nothing listens there yet, or no longer: the next tick asks again.
      this.#options.log.debug({ cause: messageOf(error) }, 'pod does not answer yet');
    } finally {
      pod.probing = false;
    }
  }

  #noteReady(pod: Pod, told: string | undefined): void {
    const { target, now, onStarted } = this.#options;
    pod.start = timelineOf(parseTimings(told), pod.seenAt, now());
    if (this.#hasWoken) onStarted(pod.start, this.#begunAt);
    this.#hasWoken = false;
    target.prove(pod);
  }
}
