/** Owns the tests of clients that leave while their request is on its way. */
import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../platform/clock.ts';
import { makeLogger } from '../../../platform/logging.ts';
import { issueCertificate, makeAuthority } from '../../../platform/tls/authority.ts';
import type { UserInfo } from '../pipeline/request-context.ts';
import { startHttpServer } from './server.ts';
import type { HttpDeps, HttpServer } from './server.ts';

const admin: UserInfo = { username: 'admin', groups: ['system:masters'] };
const served: string[] = [];
let recognize: (user: UserInfo) => void;
let asked: Promise<void>;
let server: HttpServer;
let client: TLSSocket;

beforeEach(async () => {
  served.length = 0;
  let onAsked: () => void;
  asked = new Promise((resolve) => (onAsked = resolve));
  const now = Date.now();
  const authority = await makeAuthority({ commonName: 'ca', now, validMs: 60_000 });
  const certificate = await issueCertificate(authority, {
    commonName: 'server',
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
    now,
    validMs: 60_000,
  });
  const deps = {
    core: { clock: systemClock },
    authenticator: {
      authenticate: () => {
        onAsked();
        return new Promise<UserInfo>((resolve) => (recognize = resolve));
      },
    },
    authorizer: { decide: () => ({ allowed: true }) },
    aggregator: {
      serves: () => true,
      proxy: ({ info, response }: { info: { path: string }; response: { end(): void } }) => {
        served.push(info.path);
        response.end();
        return Promise.resolve();
      },
    },
    log: makeLogger({ process: 'test', level: 'silent' }),
  };
  const options = { address: { host: '127.0.0.1', port: 0 }, certificate };
  server = await startHttpServer(deps as unknown as HttpDeps, options);
  client = connect({ ...server.address, ca: authority.certificatePem });
  await once(client, 'secureConnect');
  client.write('GET /apis/a/v1/things?watch=true HTTP/1.1\r\nhost: x\r\nauthorization: Bearer t\r\n\r\n');
  await asked;
});
afterEach(async () => {
  client.destroy();
  await server.stop();
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

it('serves a client that waits', async () => {
  recognize(admin);
  await once(client, 'data');
  expect(served).toEqual(['/apis/a/v1/things']);
});

it('begins nothing for a client that left before it was known', async () => {
  client.destroy();
  // Once all connections are gone, the server hears of this one's end too, a few turns later.
  await server.stop();
  await turns(10);
  recognize(admin);
  await turns(10);
  expect(served).toEqual([]);
});
