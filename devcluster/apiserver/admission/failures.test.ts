/** Owns the tests of webhooks that cannot be asked: in the way or passed by, in the words of Kubernetes. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../objects/kube-object.ts';
import { jsonPatch, RawAnswer } from './reviewer-fixture.ts';
import { startWebhookFixture } from './webhook-fixture.ts';
import type { WebhookFixture } from './webhook-fixture.ts';

let world: WebhookFixture;
let reviewer: WebhookFixture['reviewer'];
let server: WebhookFixture['server'];
const aWebhook: WebhookFixture['aWebhook'] = (...given) => world.aWebhook(...given);
const configure: WebhookFixture['configure'] = (...given) => world.configure(...given);
const createMap: WebhookFixture['createMap'] = (...given) => world.createMap(...given);

beforeAll(async () => {
  world = await startWebhookFixture();
  ({ reviewer, server } = world);
});
afterEach(() => world.reset());
afterAll(() => world.stop());

describe('a webhook that fails', () => {
  const failing: [string, () => unknown, RegExp][] = [
    [
      'answers with an error',
      () => {
        throw new RawAnswer(503, 'away');
      },
      /^Internal error occurred: failed calling webhook "fail.hooks.test": failed to call webhook: Post "https:\/\/127\.0\.0\.1:\d+\/fail\?timeout=2s": an error on the server \("away"\)/,
    ],
    [
      'answers with something else',
      () => {
        throw new RawAnswer(200, '{"kind":"Pod","apiVersion":"v1"}');
      },
      /received invalid webhook response: expected webhook response of admission.k8s.io\/v1, Kind=AdmissionReview, got v1, Kind=Pod/,
    ],
    [
      'answers another question',
      () => ({ uid: 'mine', allowed: true }),
      /received invalid webhook response: expected response\.uid="[-0-9a-f]+", got "mine"/,
    ],
    [
      'patches what it may only look at',
      () => jsonPatch({ op: 'add', path: '/data', value: {} }),
      /received invalid webhook response/,
    ],
  ];

  it.each(failing)('is in the way when it %s', async (_name, answer, message) => {
    await configure('Validating', aWebhook('/fail'));
    reviewer.on('/fail', answer);
    const { body } = await createMap();
    expect(body).toMatchObject({ code: 500, reason: 'InternalError' });
    expect(body.message).toMatch(message);
  });

  it('is passed by where its policy says so', async () => {
    await configure('Validating', aWebhook('/fail', { failurePolicy: 'Ignore' }));
    reviewer.on('/fail', () => {
      throw new RawAnswer(500, '');
    });
    expect((await createMap()).status).toBe(201);
  });

  it.each<[string, () => JsonObject, RegExp]>([
    [
      'is not there',
      () => ({ url: 'https://127.0.0.1:1/x', caBundle: reviewer.caBundle }),
      /Post "https:\/\/127\.0\.0\.1:1\/x\?timeout=2s": dial tcp 127\.0\.0\.1:1: connect: connection refused$/,
    ],
    [
      'shows a certificate of somebody else',
      () => ({ url: `https://127.0.0.1:${reviewer.port}/x` }),
      /x509: certificate signed by unknown authority$/,
    ],
    [
      'has no Service',
      () => ({ service: { namespace: 'default', name: 'gone' }, caBundle: reviewer.caBundle }),
      /Post "https:\/\/gone\.default\.svc:443\/\?timeout=2s": service "gone" not found$/,
    ],
    [
      'has a Service with another port',
      () => ({ service: { namespace: 'default', name: 'kubernetes', port: 5 } }),
      /no service port 5 found for service "kubernetes"$/,
    ],
    [
      'has a Service with nobody behind it',
      () => {
        const client = server.api.localClient('test');
        const metadata = { name: 'idle', namespace: 'default' };
        client.resource('v1', 'Service').create({
          apiVersion: 'v1',
          kind: 'Service',
          metadata,
          spec: { clusterIP: '127.96.0.77', ports: [{ port: 443, protocol: 'TCP' }] },
        } as never);
        return { service: metadata };
      },
      /: dial tcp 127\.96\.0\.77:443: connect: connection refused$/,
    ],
  ])('is in the way when it %s', async (_name, clientConfig, message) => {
    await configure('Validating', aWebhook('/away', { clientConfig: clientConfig() }));
    expect((await createMap()).body.message).toMatch(message);
  });

  it('is given up after its time', async () => {
    await configure('Validating', aWebhook('/hang', { timeoutSeconds: 1 }));
    const hanging = Promise.withResolvers<unknown>();
    reviewer.on('/hang', () => hanging.promise);
    const { body } = await createMap();
    hanging.resolve(undefined);
    expect(body.message).toMatch(/timeout=1s": context deadline exceeded$/);
  });
});
