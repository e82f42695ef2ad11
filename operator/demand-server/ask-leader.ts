/** Owns the question that an operator which does not lead asks the one that does. */
import type { Pool } from 'undici';
import * as z from 'zod';
import { AppError, systemCodeOf } from '../../platform/errors.ts';
import type { OperatorTls } from '../certificates/operator-tls.ts';
import type { ReadConcurrency } from '../scaling/concurrency-reader.ts';
import { LeaderPool } from './leader-pool.ts';
import { concurrencyPath } from './server.ts';

const answerSchema = z.array(z.object({ deployment: z.string(), concurrency: z.number().min(0) }));
const timeoutMs = 3_000;

export interface LeaderConcurrencyReader {
  /** Reads the leader's book; throws AppError `LEADER_UNKNOWN` and `LEADER_UNREACHABLE`. */
  readonly read: ReadConcurrency;
  stop(): Promise<void>;
}

/** Starts a reader of the leader's book; its connections are kept from one question to the next. */
export function startLeaderConcurrencyReader(options: {
  readonly leaderAddress: () => string | undefined;
  readonly tls: OperatorTls;
  readonly operatorIdentity: string;
}): LeaderConcurrencyReader {
  const { leaderAddress, tls, operatorIdentity } = options;
  const pool = new LeaderPool({ operatorIdentity, timeoutMs });
  return {
    read: async (namespace, deployment) => {
      const leader = leaderAddress();
      if (leader === undefined) {
        throw new AppError('LEADER_UNKNOWN', 'no operator leads at the moment; try again', {
          retryable: true,
        });
      }
      try {
        const material = tls.current();
        if (material === undefined) throw new Error('there is no certificate to ask it with yet');
        const path = pathOf(namespace, deployment);
        return answerSchema.parse(JSON.parse(await getAgain(pool.to(leader, material), path)));
      } catch (error) {
        throw new AppError('LEADER_UNREACHABLE', `the leader at ${leader} does not tell the concurrency`, {
          retryable: true,
          cause: error,
        });
      }
    },
    stop: () => pool.stop(),
  };
}

function pathOf(namespace: string, deployment: string | undefined): string {
  const query = new URLSearchParams({ namespace, ...(deployment === undefined ? {} : { deployment }) });
  return `${concurrencyPath}?${query.toString()}`;
}

const broken: ReadonlySet<string | undefined> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** A connection that was kept may turn out to have been closed from the other side: then it is asked on a new one, once. */
async function getAgain(pool: Pool, path: string): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await get(pool, path, signal);
  } catch (error) {
    if (!broken.has(systemCodeOf(error))) throw error;
    return get(pool, path, signal);
  }
}

async function get(pool: Pool, path: string, signal: AbortSignal): Promise<string> {
  const { statusCode, body } = await pool.request({ method: 'GET', path, signal });
  const text = await body.text();
  if (statusCode === 200) return text;
  throw new Error(`it answered ${statusCode}: ${text.slice(0, 200)}`);
}
