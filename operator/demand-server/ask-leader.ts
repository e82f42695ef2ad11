/** Owns the question that an operator which does not lead asks the one that does. */
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { AppError } from '../../platform/errors.ts';
import { acceptOnlyIdentity } from '../../platform/tls/identity.ts';
import type { OperatorTls } from '../certificates/operator-tls.ts';
import type { ReadConcurrency } from '../scaling/concurrency-reader.ts';
import { concurrencyPath } from './server.ts';

const answerSchema = z.array(z.object({ deployment: z.string(), concurrency: z.number().min(0) }));
const timeoutMs = 3_000;

/** Returns a reader of the leader's book. Its calls throw AppError `LEADER_UNKNOWN`, `LEADER_UNREACHABLE`. */
export function makeLeaderConcurrencyReader(options: {
  readonly leaderAddress: () => string | undefined;
  readonly tls: OperatorTls;
  readonly operatorIdentity: string;
}): ReadConcurrency {
  return async (namespace, deployment) => {
    const leader = options.leaderAddress();
    if (leader === undefined) {
      throw new AppError('LEADER_UNKNOWN', 'no operator leads at the moment; try again', { retryable: true });
    }
    const url = new URL(concurrencyPath, `https://${leader}`);
    url.searchParams.set('namespace', namespace);
    if (deployment !== undefined) url.searchParams.set('deployment', deployment);
    try {
      return answerSchema.parse(JSON.parse(await get(url, options.tls, options.operatorIdentity)));
    } catch (error) {
      throw new AppError('LEADER_UNREACHABLE', `the leader at ${leader} does not tell the concurrency`, {
        retryable: true,
        cause: error,
      });
    }
  };
}

async function get(url: URL, tls: OperatorTls, identity: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sent = request(
    url,
    {
      ...tls.current(),
      // The leader is dialled by its pod's address, so its name says nothing.
      checkServerIdentity: acceptOnlyIdentity(identity),
      signal: AbortSignal.timeout(timeoutMs),
      agent: false,
    },
    (response) => {
      text(response).then((body) => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`it answered ${response.statusCode ?? 0}: ${body.slice(0, 200)}`));
      }, reject);
    },
  );
  sent.once('error', reject).end();
  return promise;
}
