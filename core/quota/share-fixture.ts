/** Owns a play of proxies that share a limit under one leader after the other, for property tests. */
import { EndpointQuota } from './endpoint-quota.ts';
import type { RateLimit } from '../../crds/schema/governance.ts';
import { minuteMs } from './counter.ts';
import { LimitShares } from './limit-shares.ts';
import { ShareBook } from './share-book.ts';
import { gatewayPool, shareAnswerSchema, shareReportSchema } from './share-report.ts';

interface Proxy {
  readonly name: string;
  readonly shares: LimitShares;
  readonly quota: EndpointQuota;
  /** When it reports within each second. */
  readonly phase: number;
  /** Share of the callers that come to it, beside that of the others. */
  weight: number;
  readonly startedAt: number;
}

export interface SimulationOptions {
  readonly limits: readonly RateLimit[];
  /** How many callers come in a tick. */
  readonly callersPerTick: number;
  /** 0 to 1, for each decision that is left to chance; the play is the same for the same numbers. */
  readonly chance: () => number;
  /** Part of the reports, and of the answers, that get lost. */
  readonly loss: number;
}

const tickMs = 100;
const reportMs = 1_000;
/** A gateway that nobody has told a share is ready all the same after this time. */
const patienceMs = 3_000;

export class ShareSimulation {
  readonly proxies: Proxy[] = [];
  /** Calls that were let through, by minute. */
  readonly passed = new Map<number, number>();
  /** When each was let through. */
  readonly times: number[] = [];
  readonly #options: SimulationOptions;
  #book = newLeader();
  /** Milliseconds since the epoch; a minute begins here. */
  #now = 1_000 * minuteMs;
  #born = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
  }

  get now(): number {
    return this.#now;
  }

  /** A proxy starts; it takes callers when it is ready. */
  join(weight = 1): void {
    const shares = new LimitShares();
    const name = `gateway-${this.#born}`;
    const proxy: Proxy = {
      name,
      shares,
      quota: new EndpointQuota({
        limits: this.#options.limits,
        label: 'team/wine',
        share: shares.poolOf(gatewayPool),
      }),
      phase: Math.floor((this.#options.chance() * reportMs) / tickMs) * tickMs,
      weight,
      startedAt: this.#now,
    };
    this.proxies.push(proxy);
    this.#born += 1;
    this.#report(proxy);
  }

  /** A proxy ends as it should. */
  leave(index: number): void {
    const [proxy] = this.proxies.splice(index % this.proxies.length, 1);
    if (proxy !== undefined) this.#report(proxy, true);
  }

  /** A proxy is killed. */
  crash(index: number): void {
    this.proxies.splice(index % this.proxies.length, 1);
  }

  /** Another operator leads; it knows nothing yet. */
  changeLeader(): void {
    this.#book = newLeader();
  }

  run(durationMs: number): void {
    const until = this.#now + durationMs;
    while (this.#now < until) {
      this.#tick();
      this.#now += tickMs;
    }
  }

  #tick(): void {
    for (const proxy of this.proxies) if (this.#now % reportMs === proxy.phase) this.#report(proxy);
    const ready = this.proxies.filter(
      ({ shares, startedAt }) => shares.isComplete || this.#now - startedAt >= patienceMs,
    );
    const weights = ready.reduce((sum, { weight }) => sum + weight, 0);
    for (let caller = 0; caller < this.#options.callersPerTick; caller += 1) {
      let at = this.#options.chance() * weights;
      const proxy = ready.find(({ weight }) => (at -= weight) < 0);
      if (proxy !== undefined) this.#call(proxy);
    }
  }

  #call({ quota }: Proxy): void {
    if (quota.of({ principal: 'alice', groups: [] }, this.#now).admit(1, this.#now) !== undefined) return;
    const minute = Math.floor(this.#now / minuteMs);
    this.passed.set(minute, (this.passed.get(minute) ?? 0) + 1);
    this.times.push(this.#now);
  }

  #report({ name, shares }: Proxy, leaving = false): void {
    const { chance, loss } = this.#options;
    const report = shares.report(this.#now, leaving);
    if (report === undefined || chance() < loss) return;
    const heard = shareReportSchema.parse(JSON.parse(JSON.stringify(report)));
    const answer = this.#book.record(
      heard,
      { id: name, reporter: name },
      { monotonic: this.#now, wall: this.#now },
    );
    if (chance() >= loss) shares.take(shareAnswerSchema.parse(answer), this.#now);
  }
}

const newLeader = (): ShareBook => new ShareBook({ graceMs: 2_500, expiryMs: 10_000 });
