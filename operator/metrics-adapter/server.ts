/** Owns the server of external.metrics.k8s.io, which the API server's aggregator asks on behalf of the HPA. */
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import express from 'express';
import type { ErrorRequestHandler, Express, NextFunction, Request, Response } from 'express';
import type { Clock } from '../../platform/clock.ts';
import { AppError, messageOf } from '../../platform/errors.ts';
import { closeGracefully, listen } from '../../platform/listener.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Logger } from '../../platform/logging.ts';
import { modernTls } from '../../platform/tls/modern.ts';
import type { OperatorTls } from '../certificates/operator-tls.ts';
import { tlsSocketOf } from '../http.ts';
import type { ReadConcurrency } from '../scaling/concurrency-reader.ts';
import { concurrencyMetricName } from '../serving-endpoint/resources/make-horizontal-pod-autoscaler.ts';
import { labels } from '../../crds/schema/api.ts';
import { makeFailure, makeMetricValues, metricLabelsOf, metricPath } from './answer.ts';
import { discoveryAt } from './discovery.ts';
import { isAllowedName } from './front-proxy.ts';
import type { FrontProxy } from './front-proxy.ts';
import { parseLabelSelector } from './label-selector.ts';

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
  const { tls, frontProxy } = options;
  const secureContext = () => ({
    cert: tls.current()?.cert,
    key: tls.current()?.key,
    // Without a front proxy nobody is let in; an authority has to be named all the same, or all public ones count.
    ca: frontProxy()?.caPem ?? tls.current()?.ca,
    ...modernTls,
  });
  const server = createServer(
    { ...secureContext(), requestCert: true, rejectUnauthorized: false },
    makeApp(options),
  );
  const reload = (): void => server.setSecureContext(secureContext());
  tls.onChange(reload);
  options.onFrontProxyChange(reload);
  const address = await listen(server, options.address);
  return { address, stop: () => closeGracefully(server, 1_000) };
}

function makeApp(options: MetricsServerOptions): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.use((request, response, next) => {
    const refusal = refusalOf(tlsSocketOf(request), options.frontProxy());
    if (refusal !== undefined) response.status(401).json(makeFailure(401, 'Unauthorized', refusal));
    else if (request.method === 'GET') next();
    else response.status(405).json(makeFailure(405, 'MethodNotAllowed', 'metrics can only be read'));
  });
  app.use((request, response, next) => {
    const document = discoveryAt(request.path, request.headers.accept ?? '');
    if (document === undefined) next();
    else response.setHeader('content-type', document.type).end(JSON.stringify(document.body));
  });
  app.get(metricPath, (request, response, next) => answerMetric(request, response, next, options));
  app.use((request, response) => {
    response.status(404).json(makeFailure(404, 'NotFound', `there is no ${request.path}`));
  });
  const onFailure: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (error instanceof URIError) {
      response
        .status(400)
        .json(makeFailure(400, 'BadRequest', `the path ${request.path} is not encoded well`));
      return;
    }
    options.log.error({ error }, 'metrics request failed');
    if (response.headersSent) next(error);
    else response.status(500).json(makeFailure(500, 'InternalError', 'the request failed'));
  };
  return app.use(onFailure);
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
  request: Request<{ namespace: string; metric: string }>,
  response: Response,
  next: NextFunction,
  options: MetricsServerOptions,
): Promise<void> {
  const { namespace, metric } = request.params;
  if (metric !== concurrencyMetricName) {
    next();
    return;
  }
  try {
    const { searchParams } = new URL(request.originalUrl, 'https://metrics');
    const selector = parseLabelSelector(searchParams.get('labelSelector') ?? '');
    const names = selector.valuesOf(labels.deployment);
    const lists = await Promise.all(
      (names ?? [undefined]).map((name) => options.readConcurrency(namespace, name)),
    );
    const known = lists.flat().filter(({ deployment }) => selector.matches(metricLabelsOf(deployment)));
    const windowSeconds = Math.round(options.windowMs / 1000);
    response.json(makeMetricValues(known, { now: options.clock.now(), windowSeconds }));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const status = error.code === 'SELECTOR_INVALID' ? 400 : 503;
    const reason = status === 400 ? 'BadRequest' : 'ServiceUnavailable';
    response.status(status).json(makeFailure(status, reason, messageOf(error)));
  }
}
