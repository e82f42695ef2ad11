/**
 * Owns asking the store: all that comes in one turn of the event loop goes out together, endpoint by endpoint, and nobody
 * waits for the answer longer than the time-out.
 */
import type { TakenPart } from '../../core/quota/caller-quota.ts';
import type { Counter } from '../../core/quota/counter.ts';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import type { LimitStore, StoreQuestion, StoreVerdict } from '../stages/limit/limit-store.ts';
import type { LimitStoreConfig } from './config.ts';
import { ScriptAnswer, ScriptCall, script, scriptSha } from './script.ts';
import { StoreConnection } from './store-connection.ts';
import type { StoreClient } from './store-connection.ts';
import { makeStoreMetrics } from './store-metrics.ts';
import type { Fallback, StoreMetrics } from './store-metrics.ts';
import { UnsentCounts } from './unsent-counts.ts';

export interface RedisLimitStoreOptions {
  readonly config: LimitStoreConfig;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
}

/** What waits to be sent for one endpoint. */
interface Batch {
  readonly call: ScriptCall;
  readonly questions: StoreQuestion[];
}

/** So many answers in a row that do not come in time mean that the store is away. */
const timeoutsUntilDown = 3;

export class RedisLimitStore implements LimitStore {
  readonly #options: RedisLimitStoreOptions;
  readonly #connection: StoreConnection;
  readonly #metrics: StoreMetrics;
  readonly #unsent = new UnsentCounts();
  #batches = new Map<string, Batch>();
  #timeouts = 0;
  #listener: (() => void) | undefined;

  constructor(options: RedisLimitStoreOptions) {
    this.#options = options;
    const { config, registry, log } = options;
    this.#metrics = makeStoreMetrics(registry, () => this.isUp);
    this.#connection = new StoreConnection({
      config,
      log,
      onUp: () => {
        this.#catchUp();
        this.#listener?.();
      },
      onDown: () => this.#listener?.(),
    });
  }

  get isUp(): boolean {
    return this.#connection.client !== undefined;
  }

  /** Calls back when `isUp` has changed, until `stop`. */
  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  ask(question: StoreQuestion): void {
    const { call, questions } = this.#batchOf(question.label);
    call.ask(question.caller, question.tokens);
    questions.push(question);
  }

  settle(label: string, counter: Counter, more: number, minute: number): void {
    if (this.isUp) this.#batchOf(label).call.add(counter.rule, more, minute);
    else this.#unsent.note(label, counter.rule, more, minute);
  }

  noteUnasked(label: string, taken: readonly TakenPart[], minute: number): void {
    this.#metrics.countFallback('down');
    for (const [counter, amount] of taken) this.#unsent.note(label, counter.rule, amount, minute);
  }

  async stop(): Promise<void> {
    await this.#connection.stop();
  }

  /** What was counted without the store in this minute is counted there as well. */
  #catchUp(): void {
    this.#timeouts = 0;
    for (const { label, rule, amount, minute } of this.#unsent.takeAll(this.#options.clock.now())) {
      this.#batchOf(label).call.add(rule, amount, minute);
    }
  }

  #batchOf(label: string): Batch {
    if (this.#batches.size === 0) setImmediate(() => this.#sendAll());
    let batch = this.#batches.get(label);
    if (batch === undefined) {
      batch = { call: new ScriptCall(this.#options.config.keyPrefix, label), questions: [] };
      this.#batches.set(label, batch);
    }
    return batch;
  }

  #sendAll(): void {
    const batches = this.#batches;
    this.#batches = new Map();
    const { client } = this.#connection;
    for (const batch of batches.values()) {
      if (client === undefined) this.#giveUp(batch, 'down');
      else {
        this.#send(client, batch).catch((error: unknown) => {
          this.#options.log.error({ error }, 'what the limit store has said could not be carried out');
        });
      }
    }
  }

  async #send(client: StoreClient, batch: Batch): Promise<void> {
    const waiting = { isOver: false };
    const timer = setTimeout(() => this.#timeOut(batch, waiting), this.#options.config.timeoutMs);
    const verdicts = await this.#verdictsOn(client, batch);
    clearTimeout(timer);
    // Who has been decided without it stays decided.
    if (waiting.isOver) return;
    if (verdicts === undefined) {
      this.#giveUp(batch, 'error');
      return;
    }
    this.#timeouts = 0;
    for (const [index, question] of batch.questions.entries()) {
      const verdict = verdicts[index];
      if (verdict !== undefined) question.onVerdict(verdict);
    }
  }

  /** Returns what the store says; undefined where it fails. */
  async #verdictsOn(client: StoreClient, { call, questions }: Batch): Promise<StoreVerdict[] | undefined> {
    const { clock, log } = this.#options;
    const sentAt = clock.monotonic();
    try {
      const answer = new ScriptAnswer(await runScript(client, call));
      this.#metrics.seconds.observe((clock.monotonic() - sentAt) / 1_000);
      return questions.map(({ caller }) => answer.next(caller));
    } catch (error) {
      log.debug({ cause: messageOf(error) }, 'the limit store has failed');
      return undefined;
    }
  }

  #timeOut(batch: Batch, waiting: { isOver: boolean }): void {
    waiting.isOver = true;
    this.#giveUp(batch, 'timeout');
    this.#timeouts += 1;
    if (this.#timeouts < timeoutsUntilDown) return;
    this.#connection.drop(`no answer within ${this.#options.config.timeoutMs} ms`);
  }

  #giveUp({ questions }: Batch, reason: Fallback): void {
    for (const question of questions) {
      this.#metrics.countFallback(reason);
      question.onUnavailable();
    }
  }
}

/** The store knows the script by its sum; one that has been started anew is told it again. */
async function runScript(client: StoreClient, { keys, values }: ScriptCall): Promise<unknown> {
  try {
    return await client.evalsha(scriptSha, keys.length, ...keys, ...values);
  } catch (error) {
    if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
    return client.eval(script, keys.length, ...keys, ...values);
  }
}
