/** Owns the server of external.metrics.k8s.io, which the API server's aggregator asks on behalf of the HPA. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../platform/clock.ts';
import { AppError, messageOf } from '../../platform/errors.ts';
import { closeGracefully, listen } from '../../platform/listener.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Logger } from '../../platform/logging.ts';
import type { OperatorTls } from '../certificates/operator-tls.ts';
import { sendJson, tlsSocketOf } from '../http.ts';
import type { ReadConcurrency } from '../scaling/concurrency-reader.ts';
import { concurrencyMetricName } from '../serving-endpoint/resources/make-horizontal-pod-autoscaler.ts';
import { discovery, makeFailure, makeMetricValues, parseMetricPath } from './answer.ts';
import { isAllowedName } from './front-proxy.ts';
import type { FrontProxy } from './front-proxy.ts';
import { parseDeploymentSelector } from './label-selector.ts';

export interface MetricsServerOptions {
  readonly address: ListenAddress;
  readonly tls: OperatorTls;
  readonly frontProxy: () => FrontProxy | undefined;
  /** Calls back when the front proxy's CA may have changed. */
  readonly onFrontProxyChange: (listener: () => void) => void;
  readonly readConcurrency: ReadConcurrency;
  readonly windowMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface MetricsServer {
  readonly address: ListenAddress;
  stop(): Promise<void>;
}

/**
 * Starts the server; there must be a certificate already. It answers nobody but the aggregator, which has authenticated
 * and authorised the caller before it asks.
 *
 * @throws AppError as `listen` does.
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { tls, frontProxy, log } = options;
  const secureContext = () => ({
    cert: tls.current()?.cert,
    key: tls.current()?.key,
    // Without a front proxy nobody is let in; an authority has to be named all the same, or all public ones count.
    ca: frontProxy()?.caPem ?? tls.current()?.ca,
    minVersion: 'TLSv1.2' as const,
  });
  const server = createServer(
    { ...secureContext(), requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      answer(request, response, options).catch((error: unknown) => {
        log.error({ error }, 'metrics request failed');
        if (response.headersSent) response.destroy();
        else sendJson(response, 500, makeFailure(500, 'InternalError', 'the request failed'));
      });
    },
  );
  const reload = (): void => server.setSecureContext(secureContext());
  tls.onChange(reload);
  options.onFrontProxyChange(reload);
  const address = await listen(server, options.address);
  return { address, stop: () => closeGracefully(server, 1_000) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: MetricsServerOptions,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://metrics');
  const refusal = refusalOf(tlsSocketOf(request), options.frontProxy());
  if (refusal !== undefined) {
    sendJson(response, 401, makeFailure(401, 'Unauthorized', refusal));
    return;
  }
  if (request.method !== 'GET') {
    sendJson(response, 405, makeFailure(405, 'MethodNotAllowed', 'metrics can only be read'));
    return;
  }
  const document = discovery[url.pathname];
  if (document !== undefined) sendJson(response, 200, document);
  else await answerMetric(url, response, options);
}

function refusalOf(socket: TLSSocket, frontProxy: FrontProxy | undefined): string | undefined {
  if (frontProxy === undefined) {
    return 'the cluster publishes no request-header CA (kube-system/extension-apiserver-authentication), so nobody can be believed to be its aggregator';
  }
  if (!socket.authorized) return 'only the aggregator of the API server is answered here';
  return isAllowedName(frontProxy, socket.getPeerCertificate())
    ? undefined
    : 'the client certificate has another name than the aggregator';
}

async function answerMetric(
  url: URL,
  response: ServerResponse,
  options: MetricsServerOptions,
): Promise<void> {
  const asked = parseMetricPath(url.pathname);
  if (asked?.metric !== concurrencyMetricName) {
    sendJson(response, 404, makeFailure(404, 'NotFound', `there is no ${url.pathname}`));
    return;
  }
  try {
    const names = parseDeploymentSelector(url.searchParams.get('labelSelector') ?? '');
    const lists = await Promise.all(
      (names ?? [undefined]).map((name) => options.readConcurrency(asked.namespace, name)),
    );
    const windowSeconds = Math.round(options.windowMs / 1000);
    const values = makeMetricValues(lists.flat(), { now: options.clock.now(), windowSeconds });
    sendJson(response, 200, values);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const status = error.code === 'SELECTOR_INVALID' ? 400 : 503;
    const reason = status === 400 ? 'BadRequest' : 'ServiceUnavailable';
    sendJson(response, status, makeFailure(status, reason, messageOf(error)));
  }
}
