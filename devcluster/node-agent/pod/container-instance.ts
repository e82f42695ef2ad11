/** Owns one instance of a container while it runs: its hooks, its probes, and how it is brought to its end. */
import type { EventType } from '../../controllers/objects/events.ts';
import type { Probe } from '../../controllers/objects/kinds.ts';
import type { Attempt, Handler } from '../probes/attempt.ts';
import { attempt } from '../probes/attempt.ts';
import type { ProbeKind, ProberEvents } from '../probes/prober.ts';
import { startProber } from '../probes/prober.ts';
import type { ContainerProcess } from '../process/container-process.ts';
import { runCommand } from '../process/run-command.ts';
import type { ContainerState } from './container-state.ts';
import type { ContainerWorld } from './container-world.ts';
import { Grace } from './grace.ts';
import type { PodSurroundings } from './pod-surroundings.ts';

export interface InstanceOptions {
  readonly known: ContainerState;
  readonly around: PodSurroundings;
  readonly process: ContainerProcess;
  readonly world: ContainerWorld;
  /** Writes an event about the container. */
  readonly record: (type: EventType, reason: string, message: string) => void;
  /** Takes note of the end; the instance is over when this is done. */
  readonly onExit: (exitCode: number) => Promise<void>;
}

/** Kubelet's shortest time between SIGTERM and SIGKILL. */
const shortestGraceMs = 2_000;
/** A hook after the start has no time limit: as long as a timer can wait. */
const noLimitMs = 2 ** 31 - 1;

/** Begins with the postStart hook and then probes, until the process ends. */
export class ContainerInstance {
  readonly #options: InstanceOptions;
  readonly #hooks = new AbortController();
  readonly #ended: Promise<void>;
  #prober: ReturnType<typeof startProber> | undefined;
  #stopping: { readonly grace: Grace; readonly done: Promise<void> } | undefined;

  constructor(options: InstanceOptions) {
    this.#options = options;
    this.#ended = options.process.exited.then((exitCode) => {
      this.#prober?.stop();
      this.#hooks.abort();
      return options.onExit(exitCode);
    });
    void this.#afterStart();
  }

  /** As `ContainerRunner.stop`; whoever asks second can only make it quicker. */
  async stop(grace: Grace, turn: Promise<unknown> = Promise.resolve()): Promise<void> {
    if (this.#stopping === undefined) this.#stopping = { grace, done: this.#stop(grace, turn) };
    else this.#stopping.grace.shorten(grace.leftMs);
    await this.#stopping.done;
  }

  async #stop(grace: Grace, turn: Promise<unknown>): Promise<void> {
    const { process, known, record } = this.#options;
    this.#prober?.stopLiveness();
    const preStop = known.container.lifecycle?.preStop;
    if (preStop !== undefined) {
      const hook = this.#runHook(preStop, grace.leftMs).then((outcome) => {
        if (!outcome.success && !this.#hooks.signal.aborted) {
          record('Warning', 'FailedPreStopHook', `PreStopHook failed: ${outcome.message}`);
        }
      });
      await Promise.race([hook, grace.expired, this.#ended]);
    }
    await Promise.race([turn, grace.expired, this.#ended]);
    process.signal('SIGTERM');
    const last = new Grace(Math.max(grace.leftMs, shortestGraceMs));
    // A grace that somebody shortens meanwhile still leaves the processes their shortest time.
    void grace.expired.then(() => last.shorten(shortestGraceMs));
    await Promise.race([last.expired, this.#ended]);
    last.clear();
    process.signal('SIGKILL');
    await this.#ended;
  }

  async #afterStart(): Promise<void> {
    const { known, around, record } = this.#options;
    const postStart = known.container.lifecycle?.postStart;
    if (postStart !== undefined) {
      const outcome = await this.#runHook(postStart, noLimitMs);
      if (this.#hooks.signal.aborted) return;
      if (!outcome.success) {
        record('Warning', 'FailedPostStartHook', `PostStartHook failed: ${outcome.message}`);
        this.#giveUp('FailedPostStartHook', undefined);
        return;
      }
    }
    if (known.role === 'init') return;
    const context = {
      container: known.container,
      podIP: around.addresses.podIP,
      run: this.#runInContainer(),
    };
    this.#prober = startProber(context, this.#proberEvents());
    // The end may have been asked for while the hook ran.
    if (this.#stopping !== undefined) this.#prober.stopLiveness();
  }

  #proberEvents(): ProberEvents {
    const { known, around, record } = this.#options;
    return {
      onStarted: () => {
        known.started = true;
        around.changed();
      },
      onReady: (ready) => {
        known.ready = ready;
        around.changed();
      },
      onUnhealthy: (kind, message) => {
        const name = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
        record('Warning', 'Unhealthy', `${name} probe failed: ${message}`);
      },
      onFailed: (kind, probe) => this.#giveUp(kind, probe),
    };
  }

  #giveUp(kind: ProbeKind | 'FailedPostStartHook', probe: Probe | undefined): void {
    const { known, around, record } = this.#options;
    const { name } = known.container;
    const why =
      kind === 'FailedPostStartHook' ? kind : `Container ${name} failed ${kind} probe, will be restarted`;
    record('Normal', 'Killing', why);
    const podGrace = around.pod().spec.terminationGracePeriodSeconds ?? 30;
    const grace = new Grace((probe?.terminationGracePeriodSeconds ?? podGrace) * 1_000);
    void this.stop(grace).finally(() => grace.clear());
  }

  #runInContainer() {
    const { known, around, world } = this.#options;
    const { namespace = '', name } = around.pod().metadata;
    const inside = {
      ...world,
      records: around.node.records,
      owner: `${namespace}/${name}/${known.container.name}`,
    };
    return (command: readonly string[], timeoutMs: number, signal: AbortSignal) =>
      runCommand(inside, world.commandFor(command), timeoutMs, signal);
  }

  #runHook(handler: Handler, timeoutMs: number): Promise<Attempt> {
    const { known, around } = this.#options;
    const context = {
      container: known.container,
      podIP: around.addresses.podIP,
      run: this.#runInContainer(),
      signal: this.#hooks.signal,
    };
    return attempt(handler, context, Math.max(1, timeoutMs));
  }
}
