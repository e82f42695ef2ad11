/** Owns the access log: one line for a request, with stable names; never a body, a query, a header, or what might be a secret. */
import { hasLine } from '../../../core/access-log/access-log-settings.ts';
import type { AccessLogSettings } from '../../../core/access-log/access-log-settings.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { Exchange } from '../../exchange.ts';
import { publicId } from '../../public-id.ts';

export interface AccessLogOptions {
  readonly log: Logger;
  /** Undefined: no log of requests, but at level debug. */
  readonly settings: () => AccessLogSettings | undefined;
  /** From 0 up to 1. */
  readonly random: () => number;
}

const message = 'request ended';

/** Writes the line of an exchange that is over, where it has one. */
export function writeAccess(options: AccessLogOptions, exchange: Exchange, tookMs: number): void {
  const { log } = options;
  const settings = options.settings();
  if (settings === undefined) {
    if (log.isLevelEnabled('debug')) log.debug(lineOf(exchange, tookMs), message);
    return;
  }
  const { status, reason } = exchange;
  if (hasLine(settings, { status, reason, tookMs }, options.random))
    log.info(lineOf(exchange, tookMs), message);
}

function lineOf(exchange: Exchange, tookMs: number): Record<string, unknown> {
  const { caller, usage, trace } = exchange;
  return {
    requestId: publicId(exchange.requestId),
    ...(trace === undefined ? {} : { traceId: trace.traceId }),
    client: caller.peer.remoteAddress,
    endpoint: exchange.endpointLabel,
    servedEntity: exchange.servedEntity,
    principal: exchange.principal,
    status: exchange.status,
    reason: exchange.reason,
    tookMs: Math.round(tookMs * 10) / 10,
    ...(caller.head.contentLength === undefined ? {} : { requestBytes: caller.head.contentLength }),
    ...(usage === undefined
      ? {}
      : {
          inputTokens: usage.inputTokens,
          outputTokens: usage.outputTokens,
          tokensEstimated: usage.estimated,
        }),
  };
}
