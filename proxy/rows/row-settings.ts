/** Owns what a proxy is told about the rows that it records, and how it begins to record them. */
import * as z from 'zod';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import { registerGauge } from '../../platform/metrics.ts';
import type { Registry } from '../../platform/metrics.ts';
import { FileSink } from './file-sink.ts';
import { RowLog } from './row-log.ts';
import { makeRowMetrics } from './row-metrics.ts';

const mebibyte = 1024 * 1024;

/** Fields of the configuration of a process. */
export const rowSettingsShape = {
  payloadLogDir: z
    .string()
    .optional()
    .describe('Where payload and usage logs are written; without it they are dropped, and counted.'),
  payloadLogMaxBytes: z
    .int()
    .min(1)
    .default(1024 * mebibyte)
    .describe('Most bytes of all files there.'),
  payloadLogWhenFull: z
    .enum(['remove-oldest', 'stop'])
    .default('remove-oldest')
    .describe(
      'Whether the oldest files make room for new rows, or nothing more is written until files are taken away.',
    ),
  payloadLogQueueBytes: z
    .int()
    .min(1)
    .default(32 * mebibyte)
    .describe('Most bytes of payloads that are kept in memory until they are written.'),
};

export type RowSettings = z.output<z.ZodObject<typeof rowSettingsShape>>;

/** Returns the log. Its metrics are registered on `registry`. */
export function makeRowLog(options: {
  readonly settings: RowSettings;
  /** Name of the process among others that write into the same directory. */
  readonly instance: string;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
}): RowLog {
  const { settings, instance, clock, registry, log } = options;
  const { payloadLogDir: directory } = settings;
  let removed = 0;
  const sink =
    directory === undefined
      ? undefined
      : new FileSink({
          directory,
          instance,
          clock,
          maxBytes: settings.payloadLogMaxBytes,
          removesOldest: settings.payloadLogWhenFull === 'remove-oldest',
          onRemoved: (bytes) => {
            removed += bytes;
          },
        });
  const maxBytes = settings.payloadLogQueueBytes;
  const rows = new RowLog({ sink, maxBytes, clock, metrics: makeRowMetrics(registry), log });
  const gauges: readonly (readonly [name: string, help: string, read: () => number])[] = [
    ['queued_rows', 'Rows that wait to be written.', () => rows.queuedRows],
    ['memory_bytes', 'Bytes of payloads that are kept until they are written.', () => rows.usedBytes],
    ['disk_bytes', 'Bytes of the files that rows were written to.', () => sink?.usedBytes ?? 0],
    ['removed_bytes', 'Bytes of the files that had to make room for newer ones.', () => removed],
  ];
  for (const [name, help, read] of gauges) {
    registerGauge(registry, `fairlead_payload_log_${name}`, help, read);
  }
  return rows;
}
