/** Owns the proof that the leader is asked on connections that are kept, and on none that should not be trusted. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeHandler } from '../../kube/informer.ts';
import type { Secret } from '../../kube/kinds.ts';
import { silentLog } from '../../kube/testing/plain-access.ts';
import { closeGracefully, listen } from '../../platform/listener.ts';
import { issueCertificate, makeAuthority } from '../../platform/tls/authority.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import { followOperatorTls } from '../certificates/operator-tls.ts';
import { tlsSecret } from '../certificates/tls-secret.ts';
import { startLeaderConcurrencyReader } from './ask-leader.ts';
import type { LeaderConcurrencyReader } from './ask-leader.ts';

const identity = 'spiffe://fairlead/ns/fairlead-system/sa/fairlead-operator';
const validMs = 3_600_000;

interface Material {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

let authority: KeyPair;
let material: Material;
const issue = async (by: KeyPair, trusted = by, uri = identity): Promise<Material> => {
  const wish = { commonName: 'operator', uris: [uri], usages: ['server' as const, 'client' as const] };
  const pair = await issueCertificate(by, { ...wish, now: Date.now(), validMs });
  return { cert: pair.certificatePem, key: pair.privateKeyPem, ca: trusted.certificatePem };
};
beforeAll(async () => {
  authority = await makeAuthority({ commonName: 'one', now: Date.now(), validMs });
  material = await issue(authority);
});

/** An operator that leads, as others see it. */
interface Leader {
  readonly address: string;
  /** The serial number of the certificate on each connection so far. */
  readonly connections: string[];
  open(): number;
  closeIdle(): void;
  stop(): Promise<void>;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const known: Answer = (request, response) => {
  const deployment = new URL(request.url ?? '', 'https://leader').searchParams.get('deployment') ?? 'all';
  response.end(JSON.stringify([{ deployment, concurrency: 3 }]));
};

const leaders: Leader[] = [];
async function startLeader(tls: Material, answer: Answer = known, port = 0): Promise<Leader> {
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, answer);
  server.keepAliveTimeout = 60_000;
  const connections: string[] = [];
  const sockets = new Set<TLSSocket>();
  server.on('secureConnection', (socket) => {
    connections.push(socket.getPeerCertificate().serialNumber);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listen(server, { host: '127.0.0.1', port });
  const leader = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    open: () => sockets.size,
    closeIdle: () => server.closeIdleConnections(),
    stop: () => closeGracefully(server, 100),
  };
  leaders.push(leader);
  return leader;
}

let address: string | undefined;
let reader: LeaderConcurrencyReader;
let setMaterial: (material: Material) => void;
beforeEach(() => {
  const handlers: ChangeHandler<Secret>[] = [];
  const informer = {
    onChange: (handler: ChangeHandler<Secret>) => {
      handlers.push(handler);
      return () => undefined;
    },
  };
  const tls = followOperatorTls(informer, 'fairlead-system', silentLog);
  setMaterial = ({ cert, key, ca }) => {
    const data = { 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca };
    const object = tlsSecret({ name: 'fairlead-operator-tls', namespace: 'fairlead-system' }, data);
    for (const handler of handlers) handler({ type: 'added', object });
  };
  setMaterial(material);
  reader = startLeaderConcurrencyReader({
    leaderAddress: () => address,
    tls,
    operatorIdentity: identity,
  });
});
afterEach(async () => {
  await reader.stop();
  await Promise.all(leaders.splice(0).map((leader) => leader.stop()));
});

const read = () => reader.read('default', 'iris');
const answered = [{ deployment: 'iris', concurrency: 3 }];
const unreachable = { code: 'LEADER_UNREACHABLE', retryable: true };

describe('the leader', () => {
  it('is asked again and again on a connection that is kept', async () => {
    const leader = await startLeader(material);
    address = leader.address;
    for (let time = 0; time < 20; time += 1) expect(await read()).toEqual(answered);
    expect(await reader.read('default')).toEqual([{ deployment: 'all', concurrency: 3 }]);
    // A question may come before the connection of the one before is known to be free.
    expect(leader.connections.length).toBeLessThanOrEqual(2);
  });

  it('is asked on few connections also by many at one time', async () => {
    const leader = await startLeader(material);
    address = leader.address;
    await Promise.all(Array.from({ length: 50 }, read));
    expect(leader.connections.length).toBeLessThanOrEqual(5);
  });

  it('is not asked while there is none', async () => {
    address = undefined;
    await expect(read()).rejects.toMatchObject({ code: 'LEADER_UNKNOWN', retryable: true });
  });

  it('is asked at its new address when another one leads, and the old connection ends', async () => {
    const [first, second] = [await startLeader(material), await startLeader(material)];
    address = first.address;
    await read();
    address = second.address;
    expect(await read()).toEqual(answered);
    expect(second.open()).toBe(1);
    await expect.poll(() => first.open()).toBe(0);
  });

  it('may go away and come back, on a new connection', async () => {
    const leader = await startLeader(material);
    address = leader.address;
    await read();
    await leader.stop();
    await expect(read()).rejects.toMatchObject(unreachable);
    const back = await startLeader(material, known, Number(address.split(':')[1]));
    expect(await read()).toEqual(answered);
    expect(back.connections).toHaveLength(1);
  });

  it('may close a connection that was kept: the next question is answered all the same', async () => {
    const leader = await startLeader(material);
    address = leader.address;
    for (let time = 0; time < 5; time += 1) {
      expect(await read()).toEqual(answered);
      leader.closeIdle();
    }
    expect(leader.connections.length).toBeGreaterThan(1);
  });

  it('may fall silent: that ends in time, and the next question is asked on another connection', async () => {
    let isSilent = true;
    const leader = await startLeader(material, (request, response) => {
      if (!isSilent) known(request, response);
    });
    address = leader.address;
    await expect(read()).rejects.toMatchObject(unreachable);
    isSilent = false;
    expect(await read()).toEqual(answered);
    expect(leader.connections).toHaveLength(2);
  });

  it.each<[string, Answer]>([
    ['leads no more', (_request, response) => response.writeHead(307, { location: 'https://other/' }).end()],
    ['fails', (_request, response) => response.writeHead(500).end('{}')],
    ['answers nonsense', (_request, response) => response.end('[{"deployment": 7}]')],
    ['breaks off', (_request, response) => response.destroy()],
  ])('that %s is said to be unreachable', async (_name, answer) => {
    address = (await startLeader(material, answer)).address;
    await expect(read()).rejects.toMatchObject(unreachable);
  });

  it('has to be an operator', async () => {
    const sidecar = await issue(authority, authority, 'spiffe://fairlead/ns/default/endpoint/iris');
    address = (await startLeader(sidecar)).address;
    await expect(read()).rejects.toMatchObject({
      ...unreachable,
      cause: expect.objectContaining({ message: expect.stringContaining(identity) as string }) as Error,
    });
  });
});

describe('a certificate that is replaced', () => {
  const serialOf = async (from: Leader): Promise<string | undefined> => {
    await read();
    return from.connections.at(-1);
  };

  it('is shown from the next question on, and the connection with the old one ends', async () => {
    const leader = await startLeader(material);
    address = leader.address;
    const before = await serialOf(leader);
    setMaterial(await issue(authority));
    expect(await serialOf(leader)).not.toBe(before);
    expect(leader.connections).toHaveLength(2);
    await expect.poll(() => leader.open()).toBe(1);
  });

  it('does not cut off who is being answered', async () => {
    const waiting: (() => void)[] = [];
    const leader = await startLeader(material, (request, response) => {
      waiting.push(() => known(request, response));
    });
    address = leader.address;
    const first = read();
    await expect.poll(() => waiting.length).toBe(1);
    setMaterial(await issue(authority));
    const second = read();
    await expect.poll(() => waiting.length).toBe(2);
    for (const answer of waiting) answer();
    expect([await first, await second]).toEqual([answered, answered]);
  });

  it('of the leader is trusted once its authority is, and not before', async () => {
    const next = await makeAuthority({ commonName: 'two', now: Date.now(), validMs });
    const both = { ...authority, certificatePem: `${authority.certificatePem}\n${next.certificatePem}` };
    address = (await startLeader(await issue(next, both))).address;
    await expect(read()).rejects.toMatchObject(unreachable);
    setMaterial({ ...material, ca: both.certificatePem });
    expect(await read()).toEqual(answered);
  });
});
