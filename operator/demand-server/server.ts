/** Owns the server that proxies report demand to, and that other operators ask for the leader's view of it (mTLS). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import * as z from 'zod';
import type { FetchBook } from '../../core/fetching/fetch-book.ts';
import type { ShareBook } from '../../core/quota/share-book.ts';
import type { StoreBook } from '../../core/quota/store-book.ts';
import type { DemandBook } from '../../core/scaling/demand-book.ts';
import type { DemandAnswer } from '../../core/scaling/demand-answer.ts';
import { demandReportSchema } from '../../core/scaling/demand-report.ts';
import type { DemandReport } from '../../core/scaling/demand-report.ts';
import { keyOf } from '../../kube/resource.ts';
import type { Clock } from '../../platform/clock.ts';
import { AppError, messageOf } from '../../platform/errors.ts';
import { closeGracefully, listen } from '../../platform/listener.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Logger } from '../../platform/logging.ts';
import { identitiesOf } from '../../platform/tls/identity.ts';
import { modernTls } from '../../platform/tls/modern.ts';
import type { OperatorTls } from '../certificates/operator-tls.ts';
import { readJson, sendJson, tlsSocketOf } from '../http.ts';
import type { DomainMetrics } from '../domain-metrics/declare.ts';
import type { DirectionsBook } from '../route-optimised/directions-book.ts';
import type { ReadConcurrency } from '../scaling/concurrency-reader.ts';
import { authoriseReport } from './authorise-report.ts';
import type { Authorised, ReportAuthority } from './authorise-report.ts';
import { authoriseShares } from './authorise-shares.ts';

type TakenReport = Exclude<Authorised, { readonly refusal: string }>;

const demandPath = '/v1/demand';
export const concurrencyPath = '/v1/concurrency';

const maxReportBytes = 8 * 1024 * 1024;
/** Longer than the HPA waits between two looks, so that the connections of other operators last. */
const keepAliveMs = 60_000;

export interface DemandServerOptions {
  readonly address: ListenAddress;
  readonly tls: OperatorTls;
  readonly authority: ReportAuthority;
  /** Who may ask for concurrency. */
  readonly operatorIdentity: string;
  readonly book: DemandBook;
  readonly fetches: FetchBook;
  /** How the proxies divide the limits that they share. */
  readonly shares: ShareBook;
  /** How it stands with the store that gateways count limits in. */
  readonly limitStore: Pick<StoreBook, 'record'>;
  readonly readConcurrency: ReadConcurrency;
  /** What sidecars that pass requests on are told. */
  readonly directions: Pick<DirectionsBook, 'of'>;
  readonly isLeader: () => boolean;
  /** `host:port` of the leader's demand server. */
  readonly leaderAddress: () => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly domainMetrics: DomainMetrics;
}

export interface DemandServer {
  readonly address: ListenAddress;
  stop(): Promise<void>;
}

/**
 * Starts the server; there must be a certificate already.
 *
 * @throws AppError as `listen` does.
 */
export async function startDemandServer(options: DemandServerOptions): Promise<DemandServer> {
  const server = createServer(
    { ...modernTls, ...options.tls.current(), requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      answer(request, response, options).catch((error: unknown) => fail(response, error, options.log));
    },
  );
  server.keepAliveTimeout = keepAliveMs;
  options.tls.onChange((material) => server.setSecureContext({ ...modernTls, ...material }));
  const address = await listen(server, options.address);
  return { address, stop: () => closeGracefully(server, 1_000) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: DemandServerOptions,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://operator');
  const route = `${request.method ?? ''} ${url.pathname}`;
  const isReport = route === `POST ${demandPath}`;
  if (!isReport && route !== `GET ${concurrencyPath}`) {
    sendError(response, 404, 'NOT_FOUND', `there is no ${route}`);
    return;
  }
  if (!options.isLeader()) {
    if (isReport) options.domainMetrics.demandReports.inc({ result: 'redirected' });
    redirect(response, url, options.leaderAddress());
  } else if (isReport) await takeReport(request, response, options);
  else await tellConcurrency(request, response, url, options);
}

/** Only the leader keeps the book; the proxy goes there, and keeps going there. */
function redirect(response: ServerResponse, url: URL, leader: string | undefined): void {
  if (leader === undefined) {
    response.setHeader('retry-after', '1');
    sendError(response, 503, 'TEMPORARILY_UNAVAILABLE', 'no operator leads at the moment; try again');
    return;
  }
  const location = `https://${leader}${url.pathname}${url.search}`;
  response.setHeader('location', location);
  sendError(response, 307, 'NOT_LEADER', `the leader is at ${leader}`);
}

async function takeReport(
  request: IncomingMessage,
  response: ServerResponse,
  options: DemandServerOptions,
): Promise<void> {
  const parsed = demandReportSchema.safeParse(await readJson(request, maxReportBytes));
  const { demandReports } = options.domainMetrics;
  if (!parsed.success) {
    demandReports.inc({ result: 'invalid' });
    throw new AppError('BODY_INVALID', `the report is invalid: ${z.prettifyError(parsed.error)}`);
  }
  const authorised = authoriseReport(parsed.data, callerOf(request), options.authority);
  if ('refusal' in authorised) {
    demandReports.inc({ result: 'refused' });
    options.log.warn({ refusal: authorised.refusal }, 'demand report refused');
    sendError(response, 403, 'PERMISSION_DENIED', authorised.refusal);
    return;
  }
  const now = options.clock.monotonic();
  const { source, report } = authorised;
  options.book.record(report, source, now);
  if (source === 'sidecar') recordFetches(report, options.fetches, now);
  else options.limitStore.record(report.reporter, report.limitStoreUp, now);
  demandReports.inc({ result: 'taken' });
  const told: DemandAnswer = {
    ...dividedLimits(parsed.data, callerOf(request), options),
    ...newDirections(authorised, options.directions),
  };
  if (Object.keys(told).length === 0) response.writeHead(204).end();
  else sendJson(response, 200, told);
}

/** How much of the limits its sender may give out; where it shares none, nothing. */
function dividedLimits(
  { reporter, instance, limits }: DemandReport,
  identities: readonly string[],
  { shares, authority, clock }: DemandServerOptions,
): Pick<DemandAnswer, 'limits'> {
  if (limits === undefined) return {};
  const proxy = { id: `${reporter}/${instance}`, reporter };
  const times = { monotonic: clock.monotonic(), wall: clock.now() };
  const divided = shares.record(authoriseShares(limits, identities, authority), proxy, times);
  return divided.pools.length === 0 ? {} : { limits: divided };
}

/** A sidecar reports on its own Deployment alone; it is told what it has not been told yet. */
function newDirections(
  { source, report }: TakenReport,
  book: Pick<DirectionsBook, 'of'>,
): Pick<DemandAnswer, 'directions'> {
  const [entry] = report.entries;
  if (source !== 'sidecar' || report.directions === undefined || entry === undefined) return {};
  const directions = book.of(entry.namespace, entry.endpoint);
  return directions === undefined || directions.version === report.directions ? {} : { directions };
}

function recordFetches({ reporter, entries }: DemandReport, fetches: FetchBook, now: number): void {
  for (const { namespace, endpoint, fetchProgress } of entries) {
    fetches.record(keyOf({ namespace, name: endpoint }), reporter, fetchProgress, now);
  }
}

async function tellConcurrency(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  options: DemandServerOptions,
): Promise<void> {
  if (!callerOf(request).includes(options.operatorIdentity)) {
    sendError(response, 403, 'PERMISSION_DENIED', 'only operators may ask for concurrency');
    return;
  }
  const namespace = url.searchParams.get('namespace') ?? '';
  const deployment = url.searchParams.get('deployment') ?? undefined;
  sendJson(response, 200, await options.readConcurrency(namespace, deployment));
}

const callerOf = (request: IncomingMessage): string[] =>
  identitiesOf(tlsSocketOf(request).getPeerCertificate());

function fail(response: ServerResponse, error: unknown, log: Logger): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const code = error instanceof AppError ? error.code : 'INTERNAL_ERROR';
  const status = code === 'BODY_TOO_LARGE' ? 413 : code === 'BODY_INVALID' ? 400 : 500;
  if (status === 500) log.error({ error }, 'demand request failed');
  // What is left of the body is not read, so the connection cannot be used again.
  response.setHeader('connection', 'close');
  sendError(response, status, code, status === 500 ? 'the request failed' : messageOf(error));
}

const sendError = (response: ServerResponse, status: number, code: string, message: string): void =>
  sendJson(response, status, { error_code: code, message });
