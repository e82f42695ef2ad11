/** Owns one pod on this node from its first sight to its last: brings its containers to what the spec says, tells its status. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Loop } from '../../controllers/loop/loop.ts';
import type { Pod, PodStatus } from '../../controllers/objects/kinds.ts';
import { durationText } from './back-off.ts';
import type { ContainerState } from './container-state.ts';
import { makeContainerStates } from './container-state.ts';
import { ContainerRunner } from './container-runner.ts';
import { endContainers } from './end-containers.ts';
import { Grace } from './grace.ts';
import type { NodeParts } from './node-parts.ts';
import { PodReporter } from './pod-reporter.ts';
import { PodSandbox } from './pod-sandbox.ts';
import { planPod } from './plan.ts';
import type { PodPlan } from './plan.ts';
import { makePodStatus } from './pod-status.ts';

export interface PodWorkerOptions {
  readonly node: NodeParts;
  readonly pod: Pod;
  readonly logDirectory: string;
  /** The pod's processes and files are gone. */
  readonly onDone: () => void;
}

const mountRetryMs = 2_000;
const forcedGraceMs = 2_000;

export class PodWorker {
  readonly #options: PodWorkerOptions;
  readonly #loop: Loop;
  readonly #containers: ContainerState[];
  readonly #sandbox: PodSandbox;
  readonly #reporter: PodReporter;
  readonly #startTime: number;
  #runners: ContainerRunner[] = [];
  #pod: Pod;
  #outcome: PodPlan['outcome'];
  #lost = false;
  #done = false;
  #grace: Grace | undefined;
  #ending: Promise<void> | undefined;
  #completing: Promise<void> | undefined;
  #ended = false;

  constructor(options: PodWorkerOptions) {
    this.#options = options;
    this.#pod = options.pod;
    const { node, pod } = options;
    this.#containers = makeContainerStates(pod.spec, pod.status);
    this.#sandbox = new PodSandbox(node, this.#directory);
    this.#startTime = node.clock.now();
    this.#reporter = new PodReporter({
      node,
      pod,
      statusOf: (newest) => this.#statusOf(newest),
      onRemoved: () => this.#finish(),
    });
    const retryDelaysMs = { first: 50, longest: 5_000 };
    const { log, clock } = node;
    this.#loop = new Loop({ name: 'pod', reconcile: () => this.#sync(), log, clock, retryDelaysMs });
    this.wake();
  }

  /** Looks at the pod again soon: something that it depends on changed. */
  wake(): void {
    this.#loop.enqueue(this.#options.pod.metadata.uid);
  }

  /** A ConfigMap or Secret changed: what waited for one is tried at once. */
  wakeForConfig(): void {
    for (const known of this.#containers) {
      if (known.state.kind === 'waiting' && known.state.reason === 'CreateContainerConfigError')
        delete known.retryAt;
    }
    this.wake();
  }

  update(pod: Pod): void {
    this.#pod = pod;
    this.#reporter.update(pod);
    if (pod.metadata.deletionGracePeriodSeconds !== undefined) {
      this.#grace?.shorten(pod.metadata.deletionGracePeriodSeconds * 1_000);
    }
    this.wake();
  }

  /** The pod object is gone before its processes are: they end at once. */
  lose(): void {
    this.#lost = true;
    void this.#reporter.stop();
    this.#grace?.shorten(forcedGraceMs);
    this.wake();
  }

  /** Ends the processes within `deadlineMs`; the pod object stays, and runs again after the next start. */
  async shutDown(deadlineMs: number): Promise<void> {
    await Promise.all([this.#loop.stop(), this.#reporter.stop()]);
    if (this.#done) return;
    const ownGraceMs = (this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1_000;
    this.#end(Math.min(ownGraceMs, deadlineMs));
    await this.#ending;
  }

  get namespace(): string | undefined {
    return this.#options.pod.metadata.namespace;
  }

  runnerOf(container: string): ContainerRunner | undefined {
    return this.#runners.find(({ known }) => known.container.name === container);
  }

  get #directory(): string {
    return join(this.#options.node.podsDir, this.#options.pod.metadata.uid);
  }

  async #sync(): Promise<number | undefined> {
    if (this.#done) return undefined;
    if (this.#lost || this.#pod.metadata.deletionTimestamp !== undefined) {
      this.#syncEnd();
      return undefined;
    }
    if (this.#completing !== undefined) {
      this.#reporter.wake();
      return undefined;
    }
    try {
      await this.#prepare();
    } catch (error) {
      this.#reporter.wake();
      if (!this.#sandbox.isMounted) return mountRetryMs;
      this.#options.node.log.warn({ error, pod: this.#pod.metadata.name }, 'volumes not brought up to date');
    }
    const { node } = this.#options;
    const plan = planPod(this.#pod.spec, this.#containers, node.clock.now(), node.backOff);
    await this.#act(plan);
    this.#reporter.wake();
    return this.#nextLook(plan);
  }

  #nextLook(plan: PodPlan): number | undefined {
    const times = [plan.wakeAt, this.#sandbox.volumes.refreshAt].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.max(10, Math.min(...times) - this.#options.node.clock.now());
  }

  /** Gives the pod what its containers share, and then the containers their runners. */
  async #prepare(): Promise<void> {
    await this.#sandbox.prepare(this.#pod);
    if (this.#runners.length > 0) return;
    const { addresses, volumes } = this.#sandbox;
    const around = {
      node: this.#options.node,
      pod: () => this.#sandbox.viewOf(this.#pod),
      addresses,
      volumes,
      directory: this.#directory,
      logDirectory: this.#options.logDirectory,
      changed: () => this.wake(),
    };
    this.#runners = this.#containers.map((known) => new ContainerRunner(known, around));
  }

  async #act(plan: PodPlan): Promise<void> {
    for (const { known, until } of plan.backingOff) this.#backOff(known, until);
    for (const known of plan.start) {
      await this.#runners.find((runner) => runner.known === known)?.start();
    }
    if (plan.outcome !== undefined) this.#complete(plan.outcome);
  }

  /** The pod's work is done: its sidecars end, and then the outcome is told. */
  #complete(outcome: NonNullable<PodPlan['outcome']>): void {
    if (this.#completing !== undefined) return;
    const grace = new Grace((this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1_000);
    this.#completing = endContainers(this.#runners, grace, 'sidecars').then(() => {
      grace.clear();
      this.#outcome = outcome;
      this.wake();
    });
  }

  #backOff(known: ContainerState, until: number): void {
    if (known.state.kind !== 'terminated') return;
    const { kind: _kind, ...end } = known.state;
    const { name, namespace = '', uid } = this.#pod.metadata;
    const delay = durationText(until - end.finishedAt);
    const container = known.container.name;
    const message = `back-off ${delay} restarting failed container=${container} pod=${name}_${namespace}(${uid})`;
    known.last = end;
    known.state = { kind: 'waiting', reason: 'CrashLoopBackOff', message };
    const event = `Back-off restarting failed container ${container} in pod ${name}_${namespace}(${uid})`;
    this.#runners.find((runner) => runner.known === known)?.record('Warning', 'BackOff', event);
  }

  #syncEnd(): void {
    const { metadata, spec } = this.#pod;
    const seconds = metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
    this.#end(this.#lost ? forcedGraceMs : seconds * 1_000);
    if (this.#lost && this.#ended) this.#finish();
    else if (this.#ended) this.#reporter.remove();
    else if (!this.#lost) this.#reporter.wake();
  }

  #end(graceMs: number): void {
    if (this.#ending !== undefined) {
      this.#grace?.shorten(graceMs);
      return;
    }
    this.#grace = new Grace(graceMs);
    const grace = this.#grace;
    this.#ending = endContainers(this.#runners, grace).then(() => {
      grace.clear();
      this.#ended = true;
      this.wake();
    });
  }

  /** Takes away what the pod left on this machine, now that nothing of it runs and its object is gone. */
  #finish(): void {
    if (this.#done) return;
    const { node } = this.#options;
    const { name, uid } = this.#pod.metadata;
    this.#done = true;
    node.addresses.release(uid, node.clock.monotonic());
    void rm(this.#directory, { recursive: true, force: true })
      .catch((error: unknown) => node.log.warn({ error, pod: name }, 'files of a pod not removed'))
      .finally(() => this.#options.onDone());
  }

  #statusOf(pod: Pod): PodStatus {
    return makePodStatus({
      pod,
      containers: this.#containers,
      addresses: this.#sandbox.addresses,
      outcome: this.#outcome,
      startTime: this.#startTime,
      now: this.#options.node.clock.now(),
    });
  }
}
