/** Owns nginx in its three parts: the backend, a plain proxy, and a pair of proxies with mTLS between them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMeasured } from '../measured-process.ts';
import type { MeasuredProcess } from '../measured-process.ts';
import { findTool } from '../tools.ts';

/** Starts nginx with `server` (a server block and what goes with it), as one process without a master. */
export function startNginx(
  name: string,
  server: string,
  port: number,
  directory: string,
): Promise<MeasuredProcess> {
  const home = join(directory, name);
  mkdirSync(home);
  const config = `
daemon off; master_process off; worker_processes 1; pid ${home}/pid; error_log ${home}/error.log warn;
events { worker_connections 1024; }
http {
  access_log off; keepalive_timeout 75s; keepalive_requests 100000000; client_max_body_size 16m;
  client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy; fastcgi_temp_path ${home}/f;
  uwsgi_temp_path ${home}/u; scgi_temp_path ${home}/s;
  ${server}
}`;
  writeFileSync(join(home, 'nginx.conf'), config);
  return startMeasured([findTool('nginx'), '-p', home, '-c', join(home, 'nginx.conf')], { port });
}

/** A model that costs nothing. */
export const backend = (port: number): string => `
  server {
    listen 127.0.0.1:${port};
    default_type application/json;
    location / { return 200 '{"predictions":[0]}'; }
  }`;

const proxied = 'proxy_http_version 1.1; proxy_set_header connection "";';

export const plainProxy = (port: number, to: number): string => `
  upstream model { server 127.0.0.1:${to}; keepalive 64; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://model; ${proxied} } }`;

/** The place of the gateway: plain in, mTLS out. */
export const edgeProxy = (port: number, to: number, tls: string): string => `
  upstream sidecar { server 127.0.0.1:${to}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass https://sidecar; ${proxied}
      proxy_ssl_certificate ${tls}/tls.crt; proxy_ssl_certificate_key ${tls}/tls.key;
      proxy_ssl_trusted_certificate ${tls}/ca.crt; proxy_ssl_verify off; proxy_ssl_protocols TLSv1.3;
    }
  }`;

/** The place of the sidecar: mTLS in, plain out. */
export const sidecarProxy = (port: number, to: number, tls: string): string => `
  upstream model { server 127.0.0.1:${to}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${tls}/tls.crt; ssl_certificate_key ${tls}/tls.key; ssl_protocols TLSv1.3;
    ssl_client_certificate ${tls}/ca.crt; ssl_verify_client on;
    location / { proxy_pass http://model; ${proxied} }
  }`;
