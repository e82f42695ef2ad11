/** Owns the part of the kubelet's own HTTPS API that API servers ask for: the logs of containers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { NodeServices } from '../../devcluster/apiserver/node-services.ts';
import { parseLogOptions, servePodLog } from '../../devcluster/apiserver/subresources/pod-log.ts';
import type { Pod } from '../../devcluster/controllers/objects/kinds.ts';
import type { Mirror } from '../../devcluster/node-agent/node-api.ts';
import { messageOf } from '../../platform/errors.ts';
import { closeGracefully, listen } from '../../platform/listener.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Logger } from '../../platform/logging.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';

export interface KubeletServerOptions {
  readonly address: ListenAddress;
  /** What the API server checks by `--kubelet-certificate-authority`. */
  readonly certificate: KeyPair;
  /** Who signed the API server's `--kubelet-client-certificate`; nobody else is answered. */
  readonly clientAuthorityPem: string;
  readonly pods: Mirror<Pod>;
  /** Undefined until the node runs. */
  readonly services: () => NodeServices | undefined;
  readonly log: Logger;
}

export interface RunningKubeletServer {
  readonly address: ListenAddress;
  stop(): Promise<void>;
}

/**
 * Starts to answer `/containerLogs/<namespace>/<pod>/<container>` and `/healthz`.
 *
 * @throws AppError as `listen` does.
 */
export async function startKubeletServer(options: KubeletServerOptions): Promise<RunningKubeletServer> {
  const { certificate, clientAuthorityPem, log } = options;
  const server = createServer(
    {
      cert: certificate.certificatePem,
      key: certificate.privateKeyPem,
      ca: clientAuthorityPem,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      answer(options, request, response).catch((error: unknown) => {
        log.warn({ error, url: request.url }, 'a request to the node failed');
        refuse(response, statusOf(error), messageOf(error));
      });
    },
  );
  const address = await listen(server, options.address);
  return { address, stop: () => closeGracefully(server, 500) };
}

async function answer(
  { pods, services }: KubeletServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://node');
  const [root, namespace = '', name = '', container = '', ...more] = pathname
    .slice(1)
    .split('/')
    .map(decodeURIComponent);
  if (request.method !== 'GET') {
    refuse(response, 405, `${request.method ?? ''} is not served by this node`);
  } else if (pathname === '/healthz') {
    response.end('ok');
  } else if (root === 'containerLogs' && container !== '' && more.length === 0) {
    const pod = pods.get(name, namespace);
    if (pod === undefined) {
      refuse(response, 404, `pod "${name}" not found`);
      return;
    }
    searchParams.set('container', container);
    await servePodLog(response, pod, parseLogOptions(pod, searchParams), services());
  } else {
    refuse(response, 404, `${pathname} is not served by this node: it has logs of containers alone`);
  }
}

const statusOf = (error: unknown): number => {
  const { httpStatus } = error as { readonly httpStatus?: unknown };
  return typeof httpStatus === 'number' ? httpStatus : 500;
};

/** An API server passes the text of a refusal on; an answer that has begun can only be cut. */
function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'content-type': 'text/plain' }).end(message);
}
