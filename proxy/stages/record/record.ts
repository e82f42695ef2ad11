/**
 * Owns recording requests for those who want a log of them: what was asked and answered, and what it used, of every
 * request that came as far as a served entity, failed ones too. It hears what passes, and holds nothing up, except where
 * an endpoint would rather wait than lose a row.
 */
import type { AccountingPlan } from '../../../core/accounting/accounting-plan.ts';
import { clientRequestIdOf, makeUsageRow } from '../../../core/accounting/payload-row.ts';
import type { RowFacts } from '../../../core/accounting/payload-row.ts';
import type { Clock } from '../../../platform/clock.ts';
import { refusalBody, refusals } from '../../errors.ts';
import type { Exchange, Holder, Stage } from '../../exchange.ts';
import type { RowLog } from '../../rows/row-log.ts';
import { addRequestTap, addTap } from '../../taps.ts';
import { PayloadRecorder } from './payload-recorder.ts';

export interface RecordOptions<E extends Exchange> {
  /** What is accounted of an exchange; undefined: nothing. */
  readonly planOf: (exchange: E) => AccountingPlan | undefined;
  readonly log: RowLog;
  readonly clock: Clock;
  /** How long it was held before it was sent on, in milliseconds. */
  readonly heldMs: (exchange: E) => number;
  /** From 0 up to 1; which requests are in a sample. */
  readonly random: () => number;
}

/** Returns the stage that records. */
export const makeRecord = <E extends Exchange>(options: RecordOptions<E>): Stage<E> =>
  new RecordStage(options);

class RecordStage<E extends Exchange> implements Stage<E> {
  readonly name = 'record';
  readonly #options: RecordOptions<E>;
  /** Of the exchanges that are in the sample. */
  readonly #recorders = new Map<Exchange, PayloadRecorder>();
  /** How to end the wait of those who wait for room. */
  readonly #waits = new Map<Exchange, () => void>();
  readonly #waiting: Holder = {
    overdue: refusals.recordFull,
    release: (exchange) => this.#endWait(exchange),
  };

  constructor(options: RecordOptions<E>) {
    this.#options = options;
  }

  run(exchange: E): boolean {
    const plan = this.#planOf(exchange);
    if (plan?.payloadTable === undefined || this.#recorders.has(exchange)) return true;
    // A row holds texts: frames of a WebSocket and messages of gRPC are none.
    if (exchange.asksForTunnel || exchange.isGrpc) return true;
    const { log, random } = this.#options;
    const { payloadTable: table, samplingFraction, lossless } = plan;
    if (samplingFraction < 1 && random() >= samplingFraction) return true;
    if (lossless && !log.hasRoom) {
      this.#awaitRoom(exchange, { ...plan, payloadTable: table });
      return false;
    }
    this.#recorders.set(exchange, new PayloadRecorder({ table, samplingFraction, lossless, log }));
    return true;
  }

  listen(exchange: E): void {
    const recorder = this.#recorders.get(exchange);
    if (recorder === undefined) return;
    addTap(exchange, recorder);
    if (exchange.body === undefined) addRequestTap(exchange, recorder);
  }

  finish(exchange: E): void {
    const recorder = this.#recorders.get(exchange);
    const usageTable = this.#planOf(exchange)?.usageTable;
    if (recorder === undefined && usageTable === undefined) return;
    this.#recorders.delete(exchange);
    if (exchange.servedEntity === '') return;
    const facts = this.#factsOf(exchange);
    if (usageTable !== undefined) this.#pushUsage(exchange, usageTable, facts);
    if (recorder === undefined) return;
    if (exchange.body !== undefined) recorder.onRequestChunk(exchange.body);
    recorder.request.isWhole = !exchange.caller.stillSends;
    if (exchange.refusal !== undefined) recorder.onRefusal(refusalBody(exchange.refusal));
    const tookMs = this.#options.clock.monotonic() - exchange.startedAt;
    recorder.finish(facts, tookMs - this.#options.heldMs(exchange));
  }

  /** At the first hop only. */
  #planOf(exchange: E): AccountingPlan | undefined {
    return exchange.accounted ? undefined : this.#options.planOf(exchange);
  }

  #awaitRoom(exchange: E, plan: AccountingPlan & { readonly payloadTable: string }): void {
    const { log } = this.#options;
    const { payloadTable: table, samplingFraction } = plan;
    exchange.holder = this.#waiting;
    const cancel = log.awaitRoom(() => {
      this.#waits.delete(exchange);
      exchange.holder = undefined;
      this.#recorders.set(exchange, new PayloadRecorder({ table, samplingFraction, lossless: true, log }));
      exchange.proceed();
    });
    this.#waits.set(exchange, cancel);
  }

  #endWait(exchange: Exchange): void {
    this.#waits.get(exchange)?.();
    this.#waits.delete(exchange);
  }

  #factsOf(exchange: E): RowFacts {
    const { clock } = this.#options;
    return {
      requestId: exchange.requestId,
      at: clock.now() - (clock.monotonic() - exchange.startedAt),
      status: exchange.status,
      servedEntity: exchange.deployment === '' ? exchange.servedEntity : exchange.deployment,
      requester: exchange.principal === '' ? undefined : exchange.principal,
    };
  }

  #pushUsage(exchange: E, table: string, facts: RowFacts): void {
    const { log } = this.#options;
    const [namespace = ''] = exchange.endpointLabel.split('/');
    const clientRequestId = exchange.body === undefined ? undefined : clientRequestIdOf([exchange.body]);
    const isStream = exchange.meter?.isStream === true;
    const { usage } = exchange;
    if (!log.reserve(bytesOfUsageRow)) {
      log.drop('usage', 'overflow');
      return;
    }
    log.push({
      kind: 'usage',
      table,
      at: facts.at,
      bytes: bytesOfUsageRow,
      lossless: false,
      line: () => makeUsageRow({ ...facts, namespace, clientRequestId, isStream, usage }),
    });
  }
}

const bytesOfUsageRow = 512;
