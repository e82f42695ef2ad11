/** Owns one container of a pod through its instances: start, probes, hooks, end. */
import { join } from 'node:path';
import { messageOf } from '../../../platform/errors.ts';
import type { EventType } from '../../controllers/objects/events.ts';
import type { Pod, Probe } from '../../controllers/objects/kinds.ts';
import { resolveImage } from '../image-table.ts';
import type { Attempt, Handler } from '../probes/attempt.ts';
import { attempt } from '../probes/attempt.ts';
import type { ProbeKind } from '../probes/prober.ts';
import { startProber } from '../probes/prober.ts';
import type { ContainerProcess } from '../process/container-process.ts';
import { startContainerProcess } from '../process/container-process.ts';
import { runCommand } from '../process/run-command.ts';
import type { PodVolumes } from '../volumes/pod-volumes.ts';
import type { PodAddresses } from '../world/downward.ts';
import { afterRestart } from './back-off.ts';
import type { ContainerState } from './container-state.ts';
import { lastEndOf } from './container-state.ts';
import type { ContainerWorld } from './container-world.ts';
import { makeContainerWorld } from './container-world.ts';
import { Grace } from './grace.ts';
import type { NodeParts } from './node-parts.ts';
import { readTerminationMessage } from './termination-message.ts';

/** What a container needs to know of its pod. */
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

interface Instance {
  readonly process: ContainerProcess;
  readonly world: ContainerWorld;
  readonly containerID: string;
  readonly startedAt: number;
  readonly hooks: AbortController;
  prober?: ReturnType<typeof startProber>;
  stopping?: { readonly grace: Grace; readonly done: Promise<void> };
}

/** Kubelet's shortest time between SIGTERM and SIGKILL. */
const shortestGraceMs = 2_000;
/** Where an image or an object is missing, this long until the next try, unless a change comes first. */
const configRetryMs = 5_000;

export class ContainerRunner {
  readonly known: ContainerState;
  readonly #around: PodSurroundings;
  #instance: Instance | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(known: ContainerState, around: PodSurroundings) {
    this.known = known;
    this.#around = around;
  }

  get logPath(): string {
    return join(this.#around.logDirectory, `${this.known.container.name}.log`);
  }

  get isRunning(): boolean {
    return this.#instance !== undefined;
  }

  /** Starts an instance. Never throws: what goes wrong is the container's state. */
  async start(): Promise<void> {
    const { known } = this;
    const { node } = this.#around;
    const { container } = known;
    delete known.retryAt;
    let world: ContainerWorld;
    try {
      const image = resolveImage(node.images, container.image ?? '');
      this.record(
        'Normal',
        'Pulled',
        `Container image "${container.image ?? ''}" already present on machine`,
      );
      const pod = this.#around.pod();
      const seen = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
      world = await makeContainerWorld({
        ...this.#around,
        pod,
        // As the pod's view has it: with the mount of the service account.
        container: seen.find(({ name }) => name === container.name) ?? container,
        image,
        directory: join(this.#around.directory, 'containers', container.name),
      });
    } catch (error) {
      this.#refuse(error);
      return;
    }
    await this.#startProcess(world);
  }

  /**
   * Ends the instance: preStop hook, then SIGTERM once `turn` has come, SIGKILL when the grace is over. Returns when
   * the processes are gone.
   */
  async stop(grace: Grace, turn: Promise<unknown> = Promise.resolve()): Promise<void> {
    const instance = this.#instance;
    if (instance === undefined) return;
    if (instance.stopping === undefined) {
      instance.stopping = { grace, done: this.#stop(instance, grace, turn) };
    } else {
      // Whoever asks second can only make it quicker.
      instance.stopping.grace.shorten(grace.leftMs);
    }
    await instance.stopping.done;
  }

  /** Writes an event about this container. */
  record(type: EventType, reason: string, message: string): void {
    const list = this.known.role === 'main' ? 'containers' : 'initContainers';
    const fieldPath = `spec.${list}{${this.known.container.name}}`;
    this.#around.node.events.record(this.#around.pod(), { type, reason, message, fieldPath });
  }

  async #stop(instance: Instance, grace: Grace, turn: Promise<unknown>): Promise<void> {
    instance.prober?.stopLiveness();
    const preStop = this.known.container.lifecycle?.preStop;
    if (preStop !== undefined) {
      const hook = this.#runHook(instance, preStop, grace.leftMs).then((outcome) => {
        if (!outcome.success && !instance.hooks.signal.aborted) {
          this.record('Warning', 'FailedPreStopHook', `PreStopHook failed: ${outcome.message}`);
        }
      });
      await Promise.race([hook, grace.expired, this.#ended]);
    }
    await Promise.race([turn, grace.expired, this.#ended]);
    instance.process.signal('SIGTERM');
    const last = new Grace(Math.max(grace.leftMs, shortestGraceMs));
    // A grace that somebody shortens meanwhile still leaves the processes their shortest time.
    void grace.expired.then(() => last.shorten(shortestGraceMs));
    await Promise.race([last.expired, this.#ended]);
    last.clear();
    instance.process.signal('SIGKILL');
    await this.#ended;
  }

  #refuse(error: unknown): void {
    const { known } = this;
    const message = messageOf(error);
    const isImage = (error as { code?: unknown }).code === 'IMAGE_UNKNOWN';
    const again =
      known.state.kind === 'waiting' && /^(ErrImagePull|ImagePullBackOff)$/.test(known.state.reason);
    const imageReason = again ? 'ImagePullBackOff' : 'ErrImagePull';
    const reason = isImage ? imageReason : 'CreateContainerConfigError';
    const end = lastEndOf(known);
    if (end !== undefined) known.last = end;
    known.state = { kind: 'waiting', reason, message };
    known.retryAt = this.#around.node.clock.now() + configRetryMs;
    this.record('Warning', 'Failed', `Error: ${isImage ? `${reason}: ` : ''}${message}`);
    this.#around.changed();
  }

  async #startProcess(world: ContainerWorld): Promise<void> {
    const { known } = this;
    const { node } = this.#around;
    const { namespace = '', name } = this.#around.pod().metadata;
    this.#noteRestart();
    const startedAt = node.clock.now();
    const containerID = `fairlead://${crypto.randomUUID().replaceAll('-', '')}`;
    const owner = `${namespace}/${name}/${known.container.name}`;
    let process: ContainerProcess;
    try {
      this.record('Normal', 'Created', `Created container: ${known.container.name}`);
      process = await startContainerProcess({ ...world, logPath: this.logPath, owner }, node);
    } catch (error) {
      const message = messageOf(error);
      const end = {
        exitCode: 128,
        reason: 'StartError',
        message,
        startedAt,
        finishedAt: startedAt,
        containerID,
      };
      known.state = { kind: 'terminated', ...end };
      this.record('Warning', 'Failed', `Error: ${message}`);
      this.#around.changed();
      return;
    }
    const instance: Instance = { process, world, containerID, startedAt, hooks: new AbortController() };
    this.#instance = instance;
    known.state = { kind: 'running', startedAt, containerID };
    this.record('Normal', 'Started', `Started container ${known.container.name}`);
    this.#ended = process.exited.then((exitCode) => this.#onExit(instance, exitCode));
    void this.#afterStart(instance);
    this.#around.changed();
  }

  /** Keeps how the instance before ended, and counts its restart. */
  #noteRestart(): void {
    const { known } = this;
    const { node } = this.#around;
    const end = lastEndOf(known);
    if (end === undefined) return;
    known.backOff = afterRestart(known.backOff, end.finishedAt, node.clock.now(), node.backOff);
    known.last = end;
    known.restartCount += 1;
  }

  /** Runs the postStart hook and begins to probe. */
  async #afterStart(instance: Instance): Promise<void> {
    const { known } = this;
    const { container } = known;
    const postStart = container.lifecycle?.postStart;
    if (postStart !== undefined) {
      const outcome = await this.#runHook(instance, postStart, 2 ** 31 - 1);
      if (this.#instance !== instance) return;
      if (!outcome.success) {
        this.record('Warning', 'FailedPostStartHook', `PostStartHook failed: ${outcome.message}`);
        this.#giveUp('FailedPostStartHook', undefined);
        return;
      }
    }
    if (known.role === 'init') return;
    instance.prober = startProber(
      { container, podIP: this.#around.addresses.podIP, run: this.#runner(instance) },
      {
        onStarted: () => {
          known.started = true;
          this.#around.changed();
        },
        onReady: (ready) => {
          known.ready = ready;
          this.#around.changed();
        },
        onUnhealthy: (kind, message) =>
          this.record(
            'Warning',
            'Unhealthy',
            `${kind.charAt(0).toUpperCase()}${kind.slice(1)} probe failed: ${message}`,
          ),
        onFailed: (kind, probe) => this.#giveUp(kind, probe),
      },
    );
    if (this.#instance !== instance) instance.prober.stop();
  }

  #giveUp(kind: ProbeKind | 'FailedPostStartHook', probe: Probe | undefined): void {
    const { name } = this.known.container;
    const why =
      kind === 'FailedPostStartHook' ? kind : `Container ${name} failed ${kind} probe, will be restarted`;
    this.record('Normal', 'Killing', why);
    const podGrace = this.#around.pod().spec.terminationGracePeriodSeconds ?? 30;
    const grace = new Grace((probe?.terminationGracePeriodSeconds ?? podGrace) * 1_000);
    void this.stop(grace).finally(() => grace.clear());
  }

  #runner(instance: Instance) {
    const { node } = this.#around;
    const { namespace = '', name } = this.#around.pod().metadata;
    const owner = `${namespace}/${name}/${this.known.container.name}`;
    const { world } = instance;
    return (command: readonly string[], timeoutMs: number, signal: AbortSignal) =>
      runCommand({ ...world, records: node.records, owner }, world.commandFor(command), timeoutMs, signal);
  }

  #runHook(instance: Instance, handler: Handler, timeoutMs: number): Promise<Attempt> {
    const { container } = this.known;
    const { podIP } = this.#around.addresses;
    const context = { container, podIP, run: this.#runner(instance), signal: instance.hooks.signal };
    return attempt(handler, context, Math.max(1, timeoutMs));
  }

  async #onExit(instance: Instance, exitCode: number): Promise<void> {
    const { known } = this;
    instance.prober?.stop();
    instance.hooks.abort();
    const message = await readTerminationMessage(
      known.container,
      exitCode,
      instance.world.terminationLog,
      this.logPath,
    );
    known.state = {
      kind: 'terminated',
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      message,
      startedAt: instance.startedAt,
      finishedAt: this.#around.node.clock.now(),
      containerID: instance.containerID,
    };
    known.started = false;
    known.ready = false;
    this.#instance = undefined;
    this.#around.changed();
  }
}
