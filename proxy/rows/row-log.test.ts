import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { makeLogger } from '../../platform/logging.ts';
import { until } from '../testing/http-client-fixture.ts';
import { RowLog } from './row-log.ts';
import { makeRowMetrics } from './row-metrics.ts';
import type { Row, RowBatch, RowSink } from './row.ts';

/** A place for rows that can be broken, and slow. */
class Shelf implements RowSink {
  readonly batches: RowBatch[] = [];
  attempts = 0;
  broken = false;
  gate: Promise<void> = Promise.resolve();

  async write(batch: RowBatch): Promise<void> {
    this.attempts += 1;
    await this.gate;
    if (this.broken) throw new Error('no space left on device');
    this.batches.push(batch);
  }

  get lines(): string[] {
    return this.batches.flatMap(({ lines }) => lines.toString().trim().split('\n'));
  }
}

let shelf: Shelf;
let registry: Registry;
let log: RowLog;
beforeEach(() => {
  shelf = new Shelf();
  start({});
});
afterEach(() => log.stop());

function start(options: { sink?: RowSink | undefined; maxBytes?: number }): void {
  registry = new Registry();
  log = new RowLog({
    sink: shelf,
    maxBytes: 1_000_000,
    ...options,
    clock: systemClock,
    metrics: makeRowMetrics(registry),
    log: makeLogger({ process: 'gateway', level: 'silent' }),
  });
}

const aRow = (text: string, more: Partial<Row> = {}): Row => ({
  kind: 'payload',
  table: 't',
  at: Date.parse('2026-11-30T12:00:00Z'),
  bytes: 100,
  lossless: false,
  line: () => text,
  ...more,
});

function push(row: Row): void {
  log.insist(row.bytes);
  log.push(row);
}

async function count(result: string, kind = 'payload'): Promise<number> {
  const line = (await registry.metrics())
    .split('\n')
    .find((it) => it.startsWith(`fairlead_payload_log_rows_total{kind="${kind}",result="${result}"}`));
  return Number(line?.split(' ')[1]);
}

describe('rows', () => {
  it('are written together, those of each table and day by themselves', async () => {
    push(aRow('a'));
    push(aRow('b', { table: 'u' }));
    push(aRow('c', { at: Date.parse('2026-12-01T00:00:00Z') }));
    push(aRow('d'));
    await until(() => shelf.lines.length === 4);
    expect(shelf.batches.map(({ table, date, lines }) => [table, date, lines.toString()])).toEqual([
      ['t', '2026-11-30', 'a\nd\n'],
      ['u', '2026-11-30', 'b\n'],
      ['t', '2026-12-01', 'c\n'],
    ]);
    await until(() => log.usedBytes === 0);
    expect([log.queuedRows, await count('sent')]).toEqual([0, 4]);
  });

  it('are not made into lines before their turn comes', () => {
    let made = 0;
    push(aRow('a', { line: () => String((made += 1)) }));
    expect(made).toBe(0);
  });

  it('are written when the process ends', async () => {
    push(aRow('a'));
    await log.stop();
    expect(shelf.lines).toEqual(['a']);
  });

  it('come in batches that leave time for requests', async () => {
    for (let index = 0; index < 10; index += 1) push(aRow(`${index}`, { bytes: 30_000 }));
    await until(() => shelf.lines.length === 10);
    expect(shelf.batches.map(({ lines }) => lines.length)).toEqual([4, 4, 4, 4, 4]);
  });

  it('that are larger than a batch are written all the same', async () => {
    push(aRow('a', { bytes: 900_000 }));
    await until(() => shelf.lines.length === 1);
  });
});

describe('room', () => {
  it('is bounded, and given back when rows are written', async () => {
    start({ maxBytes: 250 });
    expect([log.reserve(200), log.reserve(51), log.reserve(50), log.reserve(1)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    log.push(aRow('a', { bytes: 250 }));
    await until(() => log.reserve(250));
  });

  it('is given to those who wait for it, in their order, as long as there is any', () => {
    start({ maxBytes: 100 });
    log.insist(150);
    const order: string[] = [];
    const ask = (name: string): (() => void) =>
      log.awaitRoom(() => {
        order.push(name);
        log.insist(100);
      });
    ask('one');
    const cancel = ask('two');
    ask('three');
    cancel();
    log.release(40);
    expect(order).toEqual([]);
    log.release(20);
    expect(order).toEqual(['one']);
    log.release(100);
    expect(order).toEqual(['one', 'three']);
  });
});

describe('when they cannot be written', () => {
  it('rows are dropped and counted, and later ones are written again', async () => {
    shelf.broken = true;
    push(aRow('a'));
    while ((await count('failed')) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(log.usedBytes).toBe(0);
    shelf.broken = false;
    push(aRow('b'));
    await until(() => shelf.lines.length === 1);
    expect([shelf.lines, await count('failed')]).toEqual([['b'], 1]);
  });

  it('rows that nothing may be lost of are tried again, before those that came later', async () => {
    shelf.broken = true;
    push(aRow('a', { lossless: true }));
    push(aRow('b', { lossless: true }));
    await until(() => shelf.attempts > 0);
    push(aRow('c', { lossless: true }));
    shelf.broken = false;
    await until(() => shelf.lines.length === 3);
    expect([shelf.lines, await count('failed')]).toEqual([['a', 'b', 'c'], 0]);
  });

  it('the disk is not asked again at once', async () => {
    shelf.broken = true;
    for (let index = 0; index < 50; index += 1) push(aRow('a', { bytes: 60_000 }));
    await until(() => shelf.attempts > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(shelf.attempts).toBe(1);
  });

  it('the process ends in spite of it, and counts what is lost', async () => {
    shelf.broken = true;
    push(aRow('a', { lossless: true }));
    await log.stop();
    expect([log.queuedRows, await count('failed')]).toEqual([0, 1]);
  });

  it('the process does not wait for a disk that does not answer', async () => {
    shelf.gate = new Promise(() => undefined);
    push(aRow('a'));
    push(aRow('b', { table: 'u' }));
    await until(() => shelf.attempts === 1);
    await log.stop(20);
    expect(await count('failed')).toBe(1);
  });
});

it('without a place for them rows are dropped and counted', async () => {
  start({ sink: undefined });
  push(aRow('a'));
  push(aRow('b', { kind: 'usage' }));
  expect([await count('no_sink'), await count('no_sink', 'usage'), log.usedBytes]).toEqual([1, 1, 0]);
});
