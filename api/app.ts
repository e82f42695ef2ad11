/** Owns the REST application: its routes, and what is answered where there is none. */
import express from 'express';
import type { Express, NextFunction, Request, Response } from 'express';
import type { Logger } from '../platform/logging.ts';
import type { TokenExchange } from './oidc/exchange-token.ts';
import { makeMetadataRoutes } from './routes/oidc-metadata.ts';
import { makeTokenRoutes } from './routes/oidc-token.ts';

export interface AppOptions {
  readonly exchange: TokenExchange;
  readonly publicUrl: string;
  readonly log: Logger;
}

/** Returns the application. */
export function makeApp({ exchange, publicUrl, log }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(makeMetadataRoutes({ publicUrl, keys: exchange.keys }));
  app.use(makeTokenRoutes(exchange, log));
  app.use((request: Request, response: Response) => {
    const message = `There is no ${request.method} ${request.path}.`;
    response.status(404).json({ error_code: 'ENDPOINT_NOT_FOUND', message });
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    log.error({ error }, 'a request failed');
    if (response.headersSent) next(error);
    else response.status(500).json({ error_code: 'INTERNAL_ERROR', message: 'The request failed.' });
  });
  return app;
}
