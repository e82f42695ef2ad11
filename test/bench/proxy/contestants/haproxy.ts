/** Owns HAProxy as a contestant. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMeasured } from '../../measured-process.ts';
import { findTool } from '../../tools/find-tool.ts';
import type { Hop, StartProxy } from './hop.ts';

/** Starts HAProxy with one thread, in the foreground. */
export const startHaproxy: StartProxy = (hop) => {
  const base = join(hop.directory, `${hop.name}-${hop.port}`);
  // It wants certificate and key in one file.
  const pem = `${base}.pem`;
  writeFileSync(
    pem,
    ['tls.crt', 'tls.key'].map((name) => readFileSync(join(hop.tls, name), 'utf8')).join('\n'),
  );
  const file = `${base}.cfg`;
  writeFileSync(file, configOf(hop, pem));
  return startMeasured([findTool('haproxy'), '-db', '-q', '-f', file], { port: hop.port });
};

function configOf({ port, to, tls, ...hop }: Hop, pem: string): string {
  const ask = hop.in === 'mtls' ? ` ca-file ${tls}/ca.crt verify required` : '';
  const secured = hop.in === 'plain' ? '' : ` ssl crt ${pem} ssl-min-ver TLSv1.3 alpn http/1.1${ask}`;
  const out = hop.out === 'plain' ? '' : ` ssl crt ${pem} ca-file ${tls}/ca.crt verify required`;
  return `
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 2s
  timeout client 75s
  timeout server 75s
  http-reuse always
frontend callers
  bind 127.0.0.1:${port}${secured}
  default_backend next
backend next
  server next 127.0.0.1:${to}${out}
`;
}
