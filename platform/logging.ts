/** Owns structured logs: one JSON line per record, constant messages, fields beside them, secrets redacted. */
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export type { Logger } from 'pino';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const secretFields = [
  'authorization',
  'Authorization',
  'cookie',
  'token',
  'password',
  'apiKey',
  'secret',
  'privateKey',
  'headers.authorization',
  'headers.cookie',
  'request.headers.authorization',
  'request.headers.cookie',
];

/**
 * Returns the root logger of a process; every component takes a child of it as a parameter.
 *
 * @example
 * const log = makeLogger({ process: 'gateway', level: 'info' });
 * log.child({ namespace, name }).info({ status }, 'request answered');
 */
export function makeLogger(
  options: { process: string; level: LogLevel },
  destination?: DestinationStream,
): Logger {
  return pino(
    {
      level: options.level,
      base: { process: options.process },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields, censor: '[redacted]' },
      serializers: { error: pino.stdSerializers.err },
      errorKey: 'error',
    },
    destination ?? pino.destination({ fd: 1, sync: false }),
  );
}
