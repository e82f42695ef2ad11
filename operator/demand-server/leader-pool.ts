/** Owns the connections of an operator to the one that leads: kept, as long as leader and certificates stay the same. */
import { Pool } from 'undici';
import { acceptOnlyIdentity } from '../../platform/tls/identity.ts';
import type { TlsMaterial } from '../certificates/operator-tls.ts';

export interface LeaderPoolOptions {
  /** Of the peer, which is dialled by its pod's address: its name says nothing. */
  readonly operatorIdentity: string;
  /** For connecting, and for each part of an answer. */
  readonly timeoutMs: number;
}

interface Open {
  readonly address: string;
  readonly material: TlsMaterial;
  readonly pool: Pool;
}

/** As many as the HPA controller reads metrics side by side. */
const connections = 5;

export class LeaderPool {
  readonly #options: LeaderPoolOptions;
  #open: Open | undefined;
  readonly #closing = new Set<Promise<void>>();

  constructor(options: LeaderPoolOptions) {
    this.#options = options;
  }

  /**
   * Returns the connections to a leader (`host:port`). Those to another one, or with an earlier certificate, are closed as
   * soon as what is asked on them is answered.
   */
  to(address: string, material: TlsMaterial): Pool {
    const open = this.#open;
    if (open?.address === address && open.material === material) return open.pool;
    this.#retire();
    const { operatorIdentity, timeoutMs } = this.#options;
    const pool = new Pool(`https://${address}`, {
      allowH2: false,
      connections,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      // What the server says counts, where it says for how long it keeps them.
      keepAliveTimeout: 4_000,
      connect: {
        ...material,
        timeout: timeoutMs,
        checkServerIdentity: acceptOnlyIdentity(operatorIdentity),
      },
    });
    this.#open = { address, material, pool };
    return pool;
  }

  /** Closes all connections, after what is asked on them. */
  async stop(): Promise<void> {
    this.#retire();
    await Promise.all(this.#closing);
  }

  #retire(): void {
    const { pool } = this.#open ?? {};
    this.#open = undefined;
    if (pool === undefined) return;
    const closed = pool.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}
