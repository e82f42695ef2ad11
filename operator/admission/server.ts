/** Owns the HTTPS server that the API server asks about writes; every replica answers alike. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Clock } from '../../platform/clock.ts';
import { AppError, messageOf } from '../../platform/errors.ts';
import { closeGracefully, listen } from '../../platform/listener.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Logger } from '../../platform/logging.ts';
import { modernTls } from '../../platform/tls/modern.ts';
import type { OperatorTls, TlsMaterial } from '../certificates/operator-tls.ts';
import { readJson, sendJson } from '../http.ts';
import type { AdmissionMetrics } from './admission-metrics.ts';
import { makeAnswer, parseReview } from './review.ts';
import type { Reviewer } from './reviewers.ts';

/** An object, its predecessor and their managed fields; the API server itself takes no more than 3 MiB of each. */
const maxReviewBytes = 8 * 1024 * 1024;

/** Whoever is not the API server has no business here, and no claim to many connections. */
const maxConnections = 512;

export interface AdmissionServerOptions {
  readonly address: ListenAddress;
  readonly tls: OperatorTls;
  /** By path. */
  readonly reviewers: Readonly<Record<string, Reviewer>>;
  readonly metrics: AdmissionMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface AdmissionServer {
  readonly address: ListenAddress;
  stop(): Promise<void>;
}

/**
 * Starts the server; there must be a certificate already. The API server shows no certificate of its own unless it is
 * told to, so anybody who reaches the port may ask; an answer changes nothing and tells what a SubjectAccessReview tells.
 *
 * @throws AppError as `listen` does.
 */
export async function startAdmissionServer(options: AdmissionServerOptions): Promise<AdmissionServer> {
  const { tls } = options;
  const server = createServer(contextOf(tls.current()), (request, response) => {
    answer(request, response, options).catch((error: unknown) => fail(response, error, options.log));
  });
  server.maxConnections = maxConnections;
  server.requestTimeout = 10_000;
  // The API server keeps its connections for longer than Node does, and must not meet one that is just being closed.
  server.keepAliveTimeout = 120_000;
  tls.onChange((material) => server.setSecureContext(contextOf(material)));
  const address = await listen(server, options.address);
  return { address, stop: () => closeGracefully(server, 1_000) };
}

const contextOf = (material: TlsMaterial | undefined) => ({
  cert: material?.cert,
  key: material?.key,
  ...modernTls,
});

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: AdmissionServerOptions,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'https://operator');
  const reviewer = Object.hasOwn(options.reviewers, pathname) ? options.reviewers[pathname] : undefined;
  if (reviewer === undefined || request.method !== 'POST') {
    sendJson(response, 404, { message: `there is no ${request.method ?? ''} ${pathname}` });
    return;
  }
  const { metrics, clock, log } = options;
  const started = clock.monotonic();
  let verdictName = 'failed';
  try {
    const write = parseReview(await readJson(request, maxReviewBytes));
    const verdict = await reviewer(write);
    verdictName = verdict.allowed ? 'allowed' : verdict.reason;
    if (!verdict.allowed) {
      const { namespace, object, user } = write;
      const about = { namespace, name: object.metadata.name, user: user.username, webhook: pathname };
      log.info({ ...about, cause: verdict.message }, 'write refused');
    }
    sendJson(response, 200, makeAnswer(write.uid, verdict));
  } finally {
    metrics.reviews.inc({ webhook: pathname, verdict: verdictName });
    metrics.seconds.observe({ webhook: pathname }, (clock.monotonic() - started) / 1_000);
  }
}

/** Anything but 200 is a failed call to the API server, which then does as the failure policy says. */
function fail(response: ServerResponse, error: unknown, log: Logger): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const code = error instanceof AppError ? error.code : 'INTERNAL_ERROR';
  const status =
    code === 'BODY_TOO_LARGE' ? 413 : ['BODY_INVALID', 'REVIEW_INVALID'].includes(code) ? 400 : 500;
  if (status === 500) log.error({ error }, 'admission review failed');
  // What is left of the body is not read, so the connection cannot be used again.
  response.setHeader('connection', 'close');
  sendJson(response, status, { message: status === 500 ? 'the review failed' : messageOf(error) });
}
