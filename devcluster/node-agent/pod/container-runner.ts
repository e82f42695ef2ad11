/** Owns one container of a pod through its instances: how each starts, and what its start and its end mean. */
import { join } from 'node:path';
import { AppError, messageOf } from '../../../platform/errors.ts';
import type { EventType } from '../../controllers/objects/events.ts';
import { divideUp, parseQuantity } from '../../apiserver/objects/quantity.ts';
import { resolveImage } from '../image-table.ts';
import type { ContainerProcess } from '../process/container-process.ts';
import { startContainerProcess } from '../process/container-process.ts';
import { afterRestart } from './back-off.ts';
import { ContainerInstance } from './container-instance.ts';
import type { ContainerState } from './container-state.ts';
import { lastEndOf } from './container-state.ts';
import type { ContainerWorld } from './container-world.ts';
import { makeContainerWorld } from './container-world.ts';
import type { Grace } from './grace.ts';
import { refusePull } from './image-pull.ts';
import type { PodSurroundings } from './pod-surroundings.ts';
import { readTerminationMessage } from './termination-message.ts';

/** Where an object is missing, this long until the next try, unless a change comes first. */
const configRetryMs = 5_000;

export class ContainerRunner {
  readonly known: ContainerState;
  readonly #around: PodSurroundings;
  #instance: ContainerInstance | undefined;

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
      delete known.pull;
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
    await this.#instance?.stop(grace, turn);
  }

  /** Writes an event about this container. */
  record(type: EventType, reason: string, message: string): void {
    const list = this.known.role === 'main' ? 'containers' : 'initContainers';
    const fieldPath = `spec.${list}{${this.known.container.name}}`;
    this.#around.node.api.events.record(this.#around.pod(), { type, reason, message, fieldPath });
  }

  #refuse(error: unknown): void {
    const { known } = this;
    const { clock, backOff: limits } = this.#around.node;
    const message = messageOf(error);
    const end = lastEndOf(known);
    if (end !== undefined) known.last = end;
    if (error instanceof AppError && error.code === 'IMAGE_UNKNOWN') {
      const refused = refusePull(known.container, message, known.pull, { now: clock.now(), limits });
      known.pull = refused.pull;
      known.state = { kind: 'waiting', reason: refused.reason, message: refused.message };
      known.retryAt = refused.retryAt;
      for (const event of refused.events) this.record(event.type, event.reason, event.message);
    } else {
      known.state = { kind: 'waiting', reason: 'CreateContainerConfigError', message };
      known.retryAt = clock.now() + configRetryMs;
      this.record('Warning', 'Failed', `Error: ${message}`);
    }
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
      this.record('Normal', 'Created', 'Container created');
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
    known.state = { kind: 'running', startedAt, containerID };
    this.record('Normal', 'Started', 'Container started');
    const memory = this.#guardMemory(process.pid);
    this.#instance = new ContainerInstance({
      known,
      around: this.#around,
      process,
      world,
      record: (type, reason, message) => this.record(type, reason, message),
      onExit: (exitCode) => {
        const reason = memory?.end() === true ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
        return this.#onExit({ world, containerID, startedAt }, { exitCode, reason });
      },
    });
    this.#around.changed();
  }

  #guardMemory(leader: number): { end(): boolean } | undefined {
    const limit = this.known.container.resources?.limits?.['memory'];
    if (limit === undefined) return undefined;
    // Quantities are in thousandths.
    const bytes = Number(divideUp(parseQuantity(limit), 1_000n));
    return bytes === 0 ? undefined : this.#around.node.memory.guard(leader, bytes);
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

  async #onExit(
    instance: { readonly world: ContainerWorld; readonly containerID: string; readonly startedAt: number },
    { exitCode, reason }: { readonly exitCode: number; readonly reason: string },
  ): Promise<void> {
    const { known } = this;
    const message = await readTerminationMessage(
      known.container,
      exitCode,
      instance.world.terminationLog,
      this.logPath,
    );
    known.state = {
      kind: 'terminated',
      exitCode,
      reason,
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
