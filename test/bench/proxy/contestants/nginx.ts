/** Owns nginx, as a proxy and as the model that costs nothing. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMeasured } from '../../measured-process.ts';
import type { MeasuredProcess } from '../../measured-process.ts';
import { findTool } from '../../tools/find-tool.ts';
import type { Hop, StartProxy } from './hop.ts';

/** Starts nginx as a proxy. */
export const startNginx: StartProxy = (hop) => start(hop, proxyOf(hop));

/** Starts a model that answers everything at once, without reading it. */
export const startBackend = (port: number, directory: string): Promise<MeasuredProcess> =>
  start(
    { name: 'backend', directory, port },
    `
  server {
    listen 127.0.0.1:${port};
    default_type application/json;
    location / { return 200 '{"predictions":[0]}'; }
  }`,
  );

/**
 * Starts what stands for the sidecars of many pods, each at an address and with a certificate of its own, all on the
 * same port.
 */
export const startManySidecars = (
  pods: readonly { readonly host: string; readonly tls: string }[],
  port: number,
  directory: string,
): Promise<MeasuredProcess> =>
  start(
    { name: 'sidecars', directory, port, host: pods[0]?.host ?? '' },
    pods
      .map(
        ({ host, tls }) => `
  server {
    listen ${host}:${port} ssl; ${serverTls(tls)} ${askForCertificate(tls)}
    default_type application/json;
    location / { return 200 '{"predictions":[0]}'; }
  }`,
      )
      .join(''),
  );

/** One process without a master. */
function start(
  at: Pick<Hop, 'name' | 'directory' | 'port'> & { readonly host?: string },
  servers: string,
): Promise<MeasuredProcess> {
  const home = join(at.directory, `${at.name}-${at.port}`);
  mkdirSync(home);
  const file = join(home, 'nginx.conf');
  writeFileSync(file, configOf(home, servers));
  return startMeasured([findTool('nginx'), '-p', home, '-c', file], at);
}

const configOf = (home: string, servers: string): string => `
daemon off; master_process off; worker_processes 1; pid ${home}/pid; error_log ${home}/error.log warn;
events { worker_connections 8192; }
http {
  access_log off; keepalive_timeout 75s; keepalive_requests 100000000; client_max_body_size 16m;
  client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy; fastcgi_temp_path ${home}/f;
  uwsgi_temp_path ${home}/u; scgi_temp_path ${home}/s;
  ${servers}
}`;

const serverTls = (tls: string): string =>
  `ssl_certificate ${tls}/tls.crt; ssl_certificate_key ${tls}/tls.key; ssl_protocols TLSv1.3;`;

const askForCertificate = (tls: string): string =>
  `ssl_client_certificate ${tls}/ca.crt; ssl_verify_client on;`;

/** The names in the certificates are URIs, which nginx cannot check; that costs nothing per request. */
const clientTls = (tls: string): string => `
      proxy_ssl_certificate ${tls}/tls.crt; proxy_ssl_certificate_key ${tls}/tls.key; proxy_ssl_protocols TLSv1.3;`;

function proxyOf({ port, to, tls, ...hop }: Hop): string {
  const secured = hop.in === 'plain' ? '' : serverTls(tls);
  return `
  upstream next { server 127.0.0.1:${to}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port}${hop.in === 'plain' ? '' : ' ssl'};
    ${secured} ${hop.in === 'mtls' ? askForCertificate(tls) : ''}
    location / {
      proxy_pass ${hop.out === 'plain' ? 'http' : 'https'}://next;
      proxy_http_version 1.1; proxy_set_header connection "";${hop.out === 'plain' ? '' : clientTls(tls)}
    }
  }`;
}
