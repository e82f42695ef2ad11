/** Owns a program that writes rows of which the second is too long for a file's limit, and tells what became of each. */
import { systemClock } from '../../platform/clock.ts';
import type { AppError } from '../../platform/errors.ts';
import { FileSink } from './file-sink.ts';

const sink = new FileSink({
  directory: process.argv[2] ?? '',
  instance: 'p',
  maxBytes: 1e9,
  removesOldest: false,
  clock: systemClock,
  onRemoved: () => undefined,
});

const results: string[] = [];
for (const text of ['a'.repeat(700), 'b'.repeat(700), 'c']) {
  const batch = { table: 't', date: '2026-11-30', lines: Buffer.from(`${text}\n`) };
  results.push(
    await sink.write(batch).then(
      () => 'written',
      (error: unknown) => (error as AppError).code,
    ),
  );
}
process.stdout.write(`${results.join(' ')}\n`);
