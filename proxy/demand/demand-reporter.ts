/** Owns telling the operator what demand there is: each second, and at once when somebody asks for it. */
import { randomUUID } from 'node:crypto';
import type { LimitShares } from '../../core/quota/limit-shares.ts';
import type { Directions } from '../../core/routing/directions.ts';
import { demandAnswerSchema } from '../../core/scaling/demand-answer.ts';
import type { DemandEntry, DemandReport } from '../../core/scaling/demand-report.ts';
import type { Clock } from '../../platform/clock.ts';
import { AppError, messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import { headerOf } from '../http1/header-of.ts';
import { ask } from '../upstream/ask.ts';
import { Pool } from '../upstream/pool.ts';
import type { UpstreamTls } from '../upstream/pool.ts';

/** Where the numbers come from. */
export interface DemandSource {
  /** Returns what there is to say, to a new listener with what was before, and how to note that it has been heard. */
  read(withHistory: boolean): { readonly entries: DemandEntry[]; readonly confirm: () => void };
}

/** Is told by the operator where requests go (`core/routing/directions.ts`). */
export interface Directed {
  /** Of the directions that it has; empty: none. */
  readonly version: string;
  take(directions: Directions): void;
}

export interface DemandReporterOptions {
  /** Where to; a redirect (307, from an operator that does not lead) is followed, and remembered until it fails. */
  readonly url: string;
  readonly tls: UpstreamTls;
  readonly intervalMs: number;
  /** Name of the pod. */
  readonly reporter: string;
  readonly source: DemandSource;
  /** The limits that are shared with other proxies: told with the demand, and the answer says how they are divided. */
  readonly limits?: LimitShares;
  /** The store that limits are counted in: told is whether it answers. */
  readonly limitStore?: { readonly isUp: boolean } | undefined;
  /** Who takes the directions that the operator answers with; absent: none are asked for. */
  readonly directed?: Directed | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

const timeoutMs = 2_000;
const maxAnswerBytes = 8 * 1024 * 1024;
const maxRedirects = 3;

/** Reports in the background. A report that fails is part of the next one, and no request ever notices. */
export class DemandReporter {
  readonly #options: DemandReporterOptions;
  readonly #instance = randomUUID();
  readonly #timer: NodeJS.Timeout;
  #target: URL;
  #pool: Pool;
  #reportedAt: number;
  #sending: Promise<void> | undefined;
  #again = false;
  #failing = false;
  /** Whether the operator that has heard the last report is still the one that is told. */
  #isKnown = false;
  /** What the operator answers is not what this version understands. */
  #isMisunderstood = false;

  constructor(options: DemandReporterOptions) {
    this.#options = options;
    this.#target = new URL(options.url);
    this.#pool = this.#poolOf(this.#target);
    this.#reportedAt = options.clock.monotonic();
    this.#timer = setInterval(() => this.reportNow(), options.intervalMs).unref();
  }

  /** Whether the last report got through. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Reports without waiting for the next second; while a report is under way, right after it. */
  reportNow(): void {
    if (this.#sending !== undefined) {
      this.#again = true;
      return;
    }
    this.#sending = this.#report().finally(() => {
      this.#sending = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.reportNow();
    });
  }

  /** Sends a last report and ends. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#again = false;
    await this.#sending;
    await this.#report(true);
    this.#pool.destroy();
  }

  async #report(isLast = false): Promise<void> {
    const { source, clock, log, reporter } = this.#options;
    const at = clock.monotonic();
    // After a failure the leader may be another one, who knows nothing yet.
    const { entries, confirm } = source.read(!this.#isKnown);
    const intervalMs = Math.max(0, Math.round(at - this.#reportedAt));
    const demand = { reporter, instance: this.#instance, intervalMs, entries };
    const beside = this.#besideDemand(isLast);
    let answer: Buffer;
    try {
      answer = await this.#deliver({ ...demand, ...beside });
    } catch (error) {
      this.#redirectTo(new URL(this.#options.url));
      if (!this.#failing) log.warn({ cause: messageOf(error) }, 'demand report failed, trying on');
      this.#failing = true;
      this.#isKnown = false;
      return;
    }
    if (this.#failing) log.info('demand reports get through again');
    this.#failing = false;
    this.#isKnown = true;
    this.#reportedAt = at;
    confirm();
    if (answer.length > 0) this.#takeAnswer(answer);
  }

  /** Returns what else there is to say, and to be asked for. */
  #besideDemand(isLast: boolean): Pick<DemandReport, 'directions' | 'limits' | 'limitStoreUp'> {
    const { directed, limits, limitStore, clock } = this.#options;
    const shared = limits?.report(clock.now(), isLast);
    return {
      ...(directed === undefined ? {} : { directions: directed.version }),
      ...(shared === undefined ? {} : { limits: shared }),
      ...(limitStore === undefined ? {} : { limitStoreUp: limitStore.isUp }),
    };
  }

  /** Demand has been heard, whatever is wrong with the answer; what cannot be read stays as it was. */
  #takeAnswer(body: Buffer): void {
    const { limits, directed, clock, log } = this.#options;
    try {
      const answer = demandAnswerSchema.parse(JSON.parse(body.toString()));
      if (answer.limits !== undefined) limits?.take(answer.limits, clock.now());
      if (answer.directions !== undefined) directed?.take(answer.directions);
      this.#isMisunderstood = false;
    } catch (error) {
      if (!this.#isMisunderstood) {
        log.error({ cause: messageOf(error) }, "the operator's answer cannot be read, its last one holds");
      }
      this.#isMisunderstood = true;
    }
  }

  /** Returns the body of the answer. */
  async #deliver(report: DemandReport): Promise<Buffer> {
    const body = Buffer.from(JSON.stringify(report));
    for (let hop = 0; hop <= maxRedirects; hop += 1) {
      const { pathname } = this.#target;
      const answer = await ask(this.#pool, {
        method: 'POST',
        path: pathname,
        headers: ['content-type', 'application/json'],
        body,
        timeoutMs,
        maxBytes: maxAnswerBytes,
      });
      if (answer.status < 300) return answer.body;
      const location = headerOf(answer.headers, 'location');
      if (answer.status !== 307 || location === undefined) {
        throw new AppError('DEMAND_REFUSED', `${this.#pool.authority} answered ${answer.status}`, {
          retryable: true,
        });
      }
      this.#redirectTo(new URL(location, this.#target));
    }
    throw new AppError('DEMAND_REFUSED', 'too many redirects: the operators do not agree on who leads', {
      retryable: true,
    });
  }

  #redirectTo(target: URL): void {
    if (target.host !== this.#target.host) {
      this.#pool.retire();
      this.#pool = this.#poolOf(target);
    }
    this.#target = target;
  }

  /** Always TLS, and always the same identity: a redirect to somebody else comes to nothing. */
  #poolOf(target: URL): Pool {
    const { tls, clock } = this.#options;
    const port = target.port === '' ? 443 : Number(target.port);
    return new Pool({ host: target.hostname, port, tls, idleMs: 30_000, clock });
  }
}
