/** Owns the tests of the metrics server over TLS: whom it answers, and what. */
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { makeLogger } from '../../platform/logging.ts';
import { issueCertificate, makeAuthority } from '../../platform/tls/authority.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import type { FrontProxy } from './front-proxy.ts';
import { startMetricsServer } from './server.ts';
import type { MetricsServer } from './server.ts';

const root = '/apis/external.metrics.k8s.io/v1beta1';
const iris = `${root}/namespaces/team/fairlead_concurrency`;
const validity = { now: Date.now(), validMs: 3_600_000 };

let server: MetricsServer;
let authority: KeyPair;
let aggregator: KeyPair;
let stranger: KeyPair;
let frontProxy: FrontProxy | undefined;
let material: { cert: string; key: string; ca: string };
let tellOfRotation: () => void;
let tellOfFrontProxy: () => void;

beforeAll(async () => {
  authority = await makeAuthority({ commonName: 'front proxy', ...validity });
  const client = { usages: ['client'] as const, ...validity };
  aggregator = await issueCertificate(authority, { commonName: 'aggregator', ...client });
  stranger = await issueCertificate(authority, { commonName: 'stranger', ...client });
  const own = await issueCertificate(authority, { commonName: 'operator', usages: ['server'], ...validity });
  material = { cert: own.certificatePem, key: own.privateKeyPem, ca: authority.certificatePem };
  server = await startMetricsServer({
    address: { host: '127.0.0.1', port: 0 },
    tls: {
      ready: Promise.resolve(),
      current: () => material,
      onChange: (listener) => {
        tellOfRotation = () => listener(material);
      },
    },
    frontProxy: () => frontProxy,
    onFrontProxyChange: (listener) => {
      tellOfFrontProxy = listener;
    },
    readConcurrency: (namespace, deployment) => {
      if (namespace === 'leaderless') {
        return Promise.reject(new AppError('LEADER_UNKNOWN', 'no operator leads at the moment'));
      }
      if (namespace === 'broken') return Promise.reject(new TypeError('a defect'));
      return Promise.resolve([{ deployment: deployment ?? 'all', concurrency: 1.5 }]);
    },
    windowMs: 60_000,
    clock: systemClock,
    log: makeLogger({ process: 'test', level: 'silent' }),
  });
  frontProxy = { caPem: authority.certificatePem, allowedNames: ['aggregator'] };
  tellOfFrontProxy();
});
afterAll(() => server.stop());

async function ask(
  path: string,
  options: { method?: string; as?: KeyPair } = {},
): Promise<[number, unknown]> {
  const { promise, resolve, reject } = Promise.withResolvers<[number, unknown]>();
  const asked = request({
    host: '127.0.0.1',
    port: server.address.port,
    path,
    method: options.method ?? 'GET',
    ca: authority.certificatePem,
    cert: options.as?.certificatePem,
    key: options.as?.privateKeyPem,
    checkServerIdentity: () => undefined,
    agent: false,
  });
  asked.on('error', reject);
  asked.on('response', (response) => {
    json(response).then((body) => resolve([response.statusCode ?? 0, body]), reject);
  });
  asked.end();
  return promise;
}

describe('the metrics server', () => {
  it.each([
    ['the API group', '/apis/external.metrics.k8s.io', { kind: 'APIGroup' }],
    [
      'the metrics that there are',
      root,
      { kind: 'APIResourceList', resources: [{ name: 'fairlead_concurrency' }] },
    ],
    [
      'the concurrency of all Deployments',
      iris,
      { items: [{ value: '1500m', metricLabels: { 'serving.fairlead.dev/deployment': 'all' } }] },
    ],
    [
      'the concurrency of one Deployment',
      `${iris}?labelSelector=serving.fairlead.dev%2Fdeployment%3Diris-1`,
      { items: [{ metricLabels: { 'serving.fairlead.dev/deployment': 'iris-1' } }] },
    ],
    ['nothing of what no metric has', `${iris}?labelSelector=tier%3Da`, { items: [] }],
    ['its OpenAPI documents', '/openapi/v3', { paths: {} }],
    [
      'the OpenAPI document of the group',
      '/openapi/v3/apis/external.metrics.k8s.io/v1beta1',
      { openapi: '3.0.0' },
    ],
  ])('tells the aggregator %s', async (_what, path, body) => {
    const [status, answer] = await ask(path, { as: aggregator });
    expect(status).toBe(200);
    expect(answer).toMatchObject(body);
  });

  it.each([
    ['another metric', `${root}/namespaces/team/requests`, 'GET', 404, 'NotFound'],
    ['another path', `${root}/namespaces/team`, 'GET', 404, 'NotFound'],
    ['another group', '/apis/external-metrics.k8s.io/v1beta1/namespaces/team/x', 'GET', 404, 'NotFound'],
    [
      'a path that cannot be decoded',
      `${root}/namespaces/%E0%A4%A/fairlead_concurrency`,
      'GET',
      400,
      'BadRequest',
    ],
    ['a selector that cannot be read', `${iris}?labelSelector=tier%20a`, 'GET', 400, 'BadRequest'],
    ['a write', iris, 'DELETE', 405, 'MethodNotAllowed'],
    [
      'a metric that nobody can tell now',
      `${root}/namespaces/leaderless/fairlead_concurrency`,
      'GET',
      503,
      'ServiceUnavailable',
    ],
    [
      'a metric on whose way a defect lies',
      `${root}/namespaces/broken/fairlead_concurrency`,
      'GET',
      500,
      'InternalError',
    ],
  ])('refuses %s with a Status', async (_what, path, method, code, reason) => {
    const [status, answer] = await ask(path, { method, as: aggregator });
    expect([status, answer]).toEqual([code, expect.objectContaining({ kind: 'Status', code, reason })]);
    expect(JSON.stringify(answer)).not.toContain('a defect');
  });

  it('answers nobody without a certificate of the aggregator', async () => {
    expect((await ask(iris))[0]).toBe(401);
    expect((await ask(iris, { as: stranger }))[0]).toBe(401);
  });

  it('answers nobody while the cluster does not say who its aggregator is', async () => {
    const known = frontProxy;
    frontProxy = undefined;
    try {
      const [status, answer] = await ask(iris, { as: aggregator });
      expect([status, answer]).toEqual([
        401,
        expect.objectContaining({
          message: expect.stringContaining('extension-apiserver-authentication') as string,
        }),
      ]);
    } finally {
      frontProxy = known;
    }
  });

  it('shows a new certificate, and believes a new authority of the front proxy, without a restart', async () => {
    const known = frontProxy;
    const next = await makeAuthority({ commonName: 'next front proxy', ...validity });
    const client = { commonName: 'aggregator', usages: ['client'] as const, ...validity };
    const nextAggregator = await issueCertificate(next, client);
    const renewed = await issueCertificate(authority, {
      commonName: 'renewed',
      usages: ['server'],
      ...validity,
    });
    expect((await ask(root, { as: nextAggregator }))[0]).toBe(401);
    frontProxy = { caPem: next.certificatePem, allowedNames: ['aggregator'] };
    tellOfFrontProxy();
    material = { ...material, cert: renewed.certificatePem, key: renewed.privateKeyPem };
    tellOfRotation();
    expect((await ask(root, { as: nextAggregator }))[0]).toBe(200);
    expect((await ask(root, { as: aggregator }))[0]).toBe(401);
    expect(await shownName()).toBe('renewed');
    frontProxy = known;
    tellOfFrontProxy();
  });
});

async function shownName(): Promise<string | undefined> {
  const socket = connect({ host: '127.0.0.1', port: server.address.port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return String(name);
}
