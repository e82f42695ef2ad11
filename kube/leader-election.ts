/** Owns this process's part in an election by Lease: to acquire, renew, notice a loss in time, and hand over. */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/logging.ts';
import { isAlreadyExists, isConflict } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import type { KubeMetrics } from './kube-metrics.ts';
import { leases } from './kinds.ts';
import type { Lease } from './kinds.ts';
import {
  defaultLeaseDurations,
  holderOf,
  makeHeldLease,
  makeReleasedLease,
  mayTake,
  observeLease,
  renewedAt,
} from './lease-decision.ts';
import type { LeaseDurations, ObservedLease } from './lease-decision.ts';

export interface LeaderElectionOptions {
  /** Without a guard of its own: the lease is written before anybody leads. */
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process; `<pod>_<host:port>` lets others find the leader's address. */
  readonly identity: string;
  readonly log: Logger;
  /**
   * Called once, when this process becomes the leader, with the time at which another one (or an earlier life of this
   * one) last wrote the lease, by its clock, in milliseconds since the epoch; undefined where there was no lease.
   */
  readonly onStarted: (lastHeldAt: number | undefined) => void;
  /** Called once, when it stops being the leader without having been asked to. The process must leave. */
  readonly onLost: (reason: string) => void;
  readonly durations?: LeaseDurations;
  readonly metrics?: KubeMetrics;
  readonly clock?: Clock;
}

/** Retries spread by up to this factor, so that candidates do not ask in step. */
const jitterFactor = 1.2;

type State = 'waiting' | 'leading' | 'lost' | 'stopped';

/** Takes part from `start` until `stop`, or until leadership is lost, which is final. */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #durations: LeaseDurations;
  readonly #clock: Clock;
  readonly #metrics: KubeMetrics;
  readonly #stopping = new AbortController();
  #state: State = 'waiting';
  #observed: ObservedLease | undefined;
  /** When the last renewal that succeeded was sent: others count from its arrival, so this errs on the safe side. */
  #renewedAt = Number.NEGATIVE_INFINITY;
  #watchdog: NodeJS.Timeout | undefined;
  /** Whether this process has ever asked for the lease. */
  #hasWritten = false;
  #lastHeldAt: number | undefined;
  #running: Promise<void> | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#durations = options.durations ?? defaultLeaseDurations;
    this.#clock = options.clock ?? systemClock;
    this.#metrics = options.metrics ?? makeKubeMetrics();
    this.#metrics.leading.set({ lease: options.name }, 0);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Whether this process leads at this very moment; finds a loss by the clock, even before any timer could run. */
  isLeader(): boolean {
    if (this.#state === 'leading' && this.#overdue()) this.#lose('the lease was not renewed in time');
    return this.#state === 'leading';
  }

  /**
   * The guard for writes: give it to `makeKubeClient`.
   *
   * @throws AppError `KUBE_NOT_LEADER` while this process does not lead.
   */
  readonly assertLeader = (): void => {
    if (this.isLeader()) return;
    throw new AppError(
      'KUBE_NOT_LEADER',
      'this process does not lead, so it writes nothing; the leader does',
    );
  };

  /** The `holderIdentity` that the lease was last seen with; undefined while nobody holds it. */
  leaderIdentity(): string | undefined {
    const holder = holderOf(this.#observed?.lease);
    return holder === '' ? undefined : holder;
  }

  /** Stops taking part and hands the lease over. Call it after everything that acts as the leader has stopped. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#watchdog);
    await this.#running;
    // The answer to a first attempt may have been cut off by the stop, and the lease be ours without our knowing.
    const mayHold = this.isLeader() || (this.#state === 'waiting' && this.#hasWritten);
    this.#state = 'stopped';
    this.#metrics.leading.set({ lease: this.#options.name }, 0);
    if (mayHold) await this.#release();
  }

  async #run(): Promise<void> {
    const { retryMs } = this.#durations;
    while (!this.#stopping.signal.aborted && this.#state !== 'lost') {
      await this.#attempt();
      // A leader renews steadily; candidates spread their attempts.
      const pause = this.#state === 'leading' ? retryMs : retryMs * (1 + Math.random() * jitterFactor);
      await sleep(pause, undefined, { signal: this.#stopping.signal }).catch(() => {
        // Stopped while waiting: the loop looks at the signal next.
      });
    }
  }

  async #attempt(): Promise<void> {
    // A process that stood still may come here first: a lease that it did not keep it does not renew either.
    if (this.#state === 'leading' && !this.isLeader()) return;
    const sentAt = this.#clock.monotonic();
    let taken = false;
    try {
      taken = this.#state === 'leading' ? await this.#renew() : await this.#tryAcquire();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#options.log.warn({ lease: this.#options.name, error }, 'lease could not be read or written');
    }
    if (taken) this.#renewed(sentAt);
    else this.isLeader();
  }

  async #renew(): Promise<boolean> {
    const known = this.#observed?.lease;
    try {
      // What we wrote last is what is there, unless somebody else wrote: then the version tells.
      return known === undefined ? await this.#tryAcquire() : await this.#write(known);
    } catch (error) {
      if (isConflict(error)) return this.#tryAcquire();
      throw error;
    }
  }

  async #tryAcquire(): Promise<boolean> {
    const { client, namespace, name, identity } = this.#options;
    const found = await client.find(leases, { namespace, name }, this.#call());
    if (found === undefined) return this.#create();
    this.#observed = observeLease(this.#observed, found, this.#clock.monotonic());
    const isOwn = this.#hasWritten && holderOf(found) === identity;
    if (!isOwn) this.#lastHeldAt = renewedAt(found);
    if (mayTake(this.#observed, identity, this.#durations, this.#clock.monotonic())) {
      return this.#write(found).catch((error: unknown) => {
        if (isConflict(error)) return false;
        throw error;
      });
    }
    if (this.#state === 'leading') this.#lose(`${holderOf(found)} took the lease`);
    return false;
  }

  async #create(): Promise<boolean> {
    const { client, namespace, name, identity } = this.#options;
    const lease = makeHeldLease(
      { metadata: { name, namespace } },
      identity,
      this.#durations,
      this.#clock.now(),
    );
    this.#hasWritten = true;
    try {
      this.#saw(await client.create(leases, lease, this.#call()));
      return true;
    } catch (error) {
      if (isAlreadyExists(error)) return false;
      throw error;
    }
  }

  async #write(current: Lease): Promise<boolean> {
    const { client, identity } = this.#options;
    const lease = makeHeldLease(current, identity, this.#durations, this.#clock.now());
    this.#hasWritten = true;
    this.#saw(await client.replace(leases, lease, this.#call()));
    return true;
  }

  #saw(lease: Lease): void {
    this.#observed = observeLease(this.#observed, lease, this.#clock.monotonic());
  }

  #call(): { timeoutMs: number; signal: AbortSignal } {
    return { timeoutMs: this.#durations.renewDeadlineMs / 2, signal: this.#stopping.signal };
  }

  #renewed(sentAt: number): void {
    // An answer that comes after the deadline comes too late, whatever it says: the loss may have been acted upon.
    if (this.#state === 'leading' && !this.isLeader()) return;
    if (this.#state === 'lost' || this.#stopping.signal.aborted) return;
    this.#renewedAt = sentAt;
    if (this.#overdue()) return;
    const isNew = this.#state !== 'leading';
    this.#state = 'leading';
    this.#watch();
    if (!isNew) return;
    this.#metrics.leading.set({ lease: this.#options.name }, 1);
    this.#options.log.info({ lease: this.#options.name, identity: this.#options.identity }, 'leading');
    this.#options.onStarted(this.#lastHeldAt);
  }

  /** Looks at the clock when the deadline has come, and again later if a renewal has moved it meanwhile. */
  #watch(): void {
    clearTimeout(this.#watchdog);
    if (!this.isLeader()) return;
    const remainingMs = this.#renewedAt + this.#durations.renewDeadlineMs - this.#clock.monotonic();
    this.#watchdog = setTimeout(() => this.#watch(), Math.max(1, remainingMs));
  }

  #overdue(): boolean {
    return this.#clock.monotonic() - this.#renewedAt >= this.#durations.renewDeadlineMs;
  }

  #lose(reason: string): void {
    this.#state = 'lost';
    clearTimeout(this.#watchdog);
    this.#metrics.leading.set({ lease: this.#options.name }, 0);
    this.#options.log.error({ lease: this.#options.name, reason }, 'leadership lost');
    this.#options.onLost(reason);
  }

  async #release(): Promise<void> {
    const { client, namespace, name, identity, log } = this.#options;
    const call = { timeoutMs: this.#durations.renewDeadlineMs / 2 };
    try {
      // Read anew: the renewal that the stop cut short may have been written all the same.
      const lease = await client.get(leases, { namespace, name }, call);
      if (holderOf(lease) !== identity) return;
      await client.replace(leases, makeReleasedLease(lease, this.#clock.now()), call);
      log.info({ lease: name }, 'lease released');
    } catch (error) {
      log.warn({ lease: name, error }, 'lease not released, the next leader has to wait for it to run out');
    }
  }
}

/** Starts to take part in an election; see `LeaderElection`. */
export function startLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const election = new LeaderElection(options);
  election.start();
  return election;
}
