/** Owns small questions to an upstream whose whole answer is wanted: probes, health checks, reports. */
import { AppError } from '../../platform/errors.ts';
import type { Pool } from './pool.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { UpstreamFailure, UpstreamHandler } from './upstream-request.ts';

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: readonly string[];
  readonly body?: Buffer;
  /** For the whole of it. */
  readonly timeoutMs: number;
  /** Longest answer; default 256 KiB. */
  readonly maxBytes?: number;
}

export interface Answer {
  readonly status: number;
  /** Raw name/value pairs. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const usualMaxBytes = 256 * 1024;
const noBody = Buffer.alloc(0);

/**
 * Returns the answer to `question`.
 *
 * @throws AppError `UPSTREAM_*` when there is none in time; it is asked once, on an idle connection where there is one.
 */
export async function ask(pool: Pool, question: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const collector = new Collector(resolve, reject, question.maxBytes ?? usualMaxBytes);
    const call = pool.send(
      {
        method: question.method,
        path: question.path,
        headers: question.headers ?? [],
        body: question.body ?? noBody,
        contentLength: undefined,
      },
      collector,
      { connectMs: question.timeoutMs, firstByteMs: question.timeoutMs, idleMs: question.timeoutMs },
    );
    collector.timer = setTimeout(() => {
      call.abort();
      const message = `${pool.authority} did not answer ${question.path} within ${question.timeoutMs} ms`;
      reject(new AppError('UPSTREAM_TIMEOUT', message, { retryable: true }));
    }, question.timeoutMs);
    collector.abort = () => call.abort();
  });
}

class Collector implements UpstreamHandler {
  timer: NodeJS.Timeout | undefined;
  abort: (() => void) | undefined;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: AppError) => void;
  readonly #chunks: Buffer[] = [];
  readonly #maxBytes: number;
  #bytes = 0;
  #head: ResponseHead | undefined;

  constructor(resolve: (answer: Answer) => void, reject: (error: AppError) => void, maxBytes: number) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#maxBytes = maxBytes;
  }

  onInformation(): void {
    // Interim answers say nothing that a question waits for.
  }

  onHead(head: ResponseHead): void {
    this.#head = head;
  }

  onAnswerBody(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#maxBytes) {
      this.#chunks.push(chunk);
      return;
    }
    this.abort?.();
    const error = new AppError('UPSTREAM_MALFORMED', `the answer is longer than ${this.#maxBytes} bytes`);
    this.onFailure({ error, kind: 'lost' });
  }

  onAnswerEnd(): void {
    clearTimeout(this.timer);
    this.#resolve({
      status: this.#head?.status ?? 0,
      headers: this.#head?.headers ?? [],
      body: Buffer.concat(this.#chunks),
    });
  }

  onFailure(failure: UpstreamFailure): void {
    clearTimeout(this.timer);
    this.#reject(failure.error);
  }

  onWritable(): void {
    // A question's body is sent with its head.
  }

  onUpstreamDrain(): void {
    // As above: nothing follows.
  }
}
