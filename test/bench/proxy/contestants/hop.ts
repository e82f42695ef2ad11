/** Owns what every proxy of the benchmark is told: where it listens, where it sends to, and which of the two is TLS. */
import type { MeasuredProcess } from '../../measured-process.ts';

export interface Hop {
  /** Names its files. */
  readonly name: string;
  /** For its files. */
  readonly directory: string;
  /** On 127.0.0.1, as `to`. */
  readonly port: number;
  readonly to: number;
  /** `mtls` asks callers for a certificate of its own authority, `tls` for none. */
  readonly in: 'plain' | 'tls' | 'mtls';
  /** `mtls` shows its certificate. */
  readonly out: 'plain' | 'mtls';
  /** Directory of tls.crt, tls.key and ca.crt. */
  readonly tls: string;
}

/** Starts a proxy of one worker; it is ready when this resolves. */
export type StartProxy = (hop: Hop) => Promise<MeasuredProcess>;
