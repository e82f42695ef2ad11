/** Owns moving large bodies through a proxy, four at a time. */
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { body, headers } from '../load/request.ts';

/** 16 MB: just below the greatest body that is taken by default. */
export const largeBytes = 16_000_000;

export type Direction = 'up' | 'down';

const atOneTime = 4;
const large = Buffer.alloc(largeBytes, 'a');

/**
 * Moves `count` large bodies and returns how many bytes a second that were.
 *
 * @throws Error when an answer is not what it has to be.
 */
export async function transfer(url: string, direction: Direction, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOneTime });
  const startedAt = performance.now();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await moveOne(url, direction, agent);
    }
  };
  await Promise.all(Array.from({ length: atOneTime }, worker));
  agent.destroy();
  return (count * largeBytes) / ((performance.now() - startedAt) / 1_000);
}

async function moveOne(url: string, direction: Direction, agent: Agent): Promise<void> {
  const sent = direction === 'up' ? large : Buffer.from(body);
  const call = request(url, {
    method: 'POST',
    agent,
    headers: { ...headers, 'content-length': sent.length },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve).once('error', reject);
  });
  call.end(sent);
  const answer = await answered;
  let text = '';
  let received = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received < 1_000) text += chunk.toString();
  }
  const whole = direction === 'up' ? text === `{"received":${largeBytes}}` : received === largeBytes;
  if (answer.statusCode !== 200 || !whole) {
    throw new Error(
      `a large body (${direction}) got ${answer.statusCode ?? 0} and ${received} bytes: ${text}`,
    );
  }
}
