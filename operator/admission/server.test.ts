/** Owns the tests of the admission server over TLS: what it answers, also when the API server does not answer it. */
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeKubeClient } from '../../kube/client.ts';
import { cut, refusal, startFakeApiServer } from '../../kube/testing/fake-api-server.ts';
import type { Answer, FakeApiServer } from '../../kube/testing/fake-api-server.ts';
import { plainTransport, silentLog } from '../../kube/testing/plain-access.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { systemClock } from '../../platform/clock.ts';
import { makeRegistry } from '../../platform/metrics.ts';
import type { Registry } from '../../platform/metrics.ts';
import { issueCertificate, makeAuthority } from '../../platform/tls/authority.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import type { TlsMaterial } from '../certificates/operator-tls.ts';
import { tlsSocketOf } from '../http.ts';
import { aConfig } from '../operator-fixture.ts';
import { aReview, entity } from './admission-fixture.ts';
import { makeAdmissionMetrics } from './admission-metrics.ts';
import { makeReviewers } from './reviewers.ts';
import { startAdmissionServer } from './server.ts';
import type { AdmissionServer } from './server.ts';
import { makeMayAccess } from './subject-access.ts';
import { WriteRate } from './write-rate.ts';

const validity = { now: Date.now(), validMs: 3_600_000 };
const { limits } = aConfig();
const withSecret = {
  servedEntities: [entity('a', { model: { credentials: { secretRef: { name: 's3' } } } })],
};
const reviews = (path: string) => path.endsWith('/subjectaccessreviews');

let api: FakeApiServer;
let transport: KubeTransport;
let server: AdmissionServer;
let authority: KeyPair;
let material: TlsMaterial;
let registry: Registry;
let rotate: (next: TlsMaterial) => void = () => undefined;

async function issue(commonName: string): Promise<TlsMaterial> {
  const dnsNames = ['fairlead-operator.fairlead-system.svc'];
  const own = await issueCertificate(authority, { commonName, dnsNames, usages: ['server'], ...validity });
  return { cert: own.certificatePem, key: own.privateKeyPem, ca: authority.certificatePem };
}

beforeAll(async () => {
  authority = await makeAuthority({ commonName: 'fairlead', ...validity });
  material = await issue('first');
  api = await startFakeApiServer();
  transport = plainTransport(api.url);
  registry = makeRegistry();
  const store = { size: 0, get: () => undefined, list: () => [], byIndex: () => [] };
  server = await startAdmissionServer({
    address: { host: '127.0.0.1', port: 0 },
    tls: {
      ready: Promise.resolve(),
      current: () => material,
      onChange: (listener) => {
        rotate = listener;
      },
    },
    reviewers: {
      ...makeReviewers({
        stores: { endpoints: { store } },
        mayAccess: makeMayAccess(makeKubeClient(transport)),
        rate: new WriteRate(limits.writeWindow),
        limits,
        clock: systemClock,
      }),
      '/defect': () => {
        throw new TypeError('a defect');
      },
    },
    metrics: makeAdmissionMetrics(registry, limits),
    clock: systemClock,
    log: silentLog,
  });
});
beforeEach(() => {
  api.requests.length = 0;
});
afterAll(async () => {
  await server.stop();
  await transport.close();
  await api.stop();
});

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly certificate: string;
}

function post(path: string, body: unknown, method = 'POST'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: server.address.port,
        path,
        method,
        ca: authority.certificatePem,
        servername: 'fairlead-operator.fairlead-system.svc',
        agent: false,
      },
      (response) => {
        const certificate = String(tlsSocketOf(response).getPeerCertificate().subject.CN);
        text(response).then(
          (answer) => resolve({ status: response.statusCode ?? 0, body: answer, certificate }),
          reject,
        );
      },
    );
    sent.once('error', reject).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

const responseOf = ({ body }: Reply): unknown => (JSON.parse(body) as { response: unknown }).response;

const decide = (allowed: boolean): void =>
  api.once(
    ({ path }) => reviews(path),
    (response) => response.writeHead(201).end(JSON.stringify({ spec: {}, status: { allowed } })),
  );

describe('the admission server', () => {
  it('lets those serve a Secret who may read it, and asks about the user as they are', async () => {
    decide(true);
    expect(responseOf(await post('/validate/access', aReview(withSecret)))).toEqual({
      uid: 'review-1',
      allowed: true,
    });
    expect(JSON.parse(api.requests[0]?.body ?? '')).toMatchObject({
      spec: {
        user: 'jane',
        groups: ['team'],
        uid: 'uid-of-jane',
        extra: { scope: ['a'] },
        resourceAttributes: { verb: 'get', resource: 'secrets', name: 's3', namespace: 'team', group: '' },
      },
    });
  });

  it('refuses the others, with code, reason, field and remedy', async () => {
    decide(false);
    expect(responseOf(await post('/validate/access', aReview(withSecret)))).toMatchObject({
      uid: 'review-1',
      allowed: false,
      status: {
        code: 403,
        reason: 'Forbidden',
        message: expect.stringMatching(/may not read the Secret "s3"/) as string,
        // Clients print the field and then this.
        details: {
          causes: [
            {
              field: 'spec.servedEntities[0].model.credentials.secretRef',
              message: expect.stringMatching(/^user "jane" in namespace "team" may not read/) as string,
            },
          ],
        },
      },
    });
  });

  it.each<[string, Answer]>([
    ['fails', refusal(500, 'InternalError')],
    ['does not let us ask', refusal(403, 'Forbidden')],
    ['breaks the connection', cut],
  ])('refuses all when the API server %s', async (_what, answer) => {
    // A question is asked again when its connection breaks.
    api.always(({ path }) => reviews(path), answer);
    expect(responseOf(await post('/validate/access', aReview(withSecret)))).toMatchObject({
      allowed: false,
      status: {
        code: 503,
        reason: 'ServiceUnavailable',
        message: expect.stringContaining('try again') as string,
      },
    });
  });

  it('refuses all when an answer does not say that it is allowed', async () => {
    api.once(
      ({ path }) => reviews(path),
      (response) => response.writeHead(201).end(JSON.stringify({ spec: {} })),
    );
    expect(responseOf(await post('/validate/access', aReview(withSecret)))).toMatchObject({ allowed: false });
  });

  it('asks nobody where nothing is referred to', async () => {
    const { status } = await post('/validate/access', aReview({ servedEntities: [entity('a')] }));
    expect(status).toBe(200);
    expect(api.requests).toEqual([]);
  });

  it('notes the creator with a JSON patch', async () => {
    const answer = responseOf(await post('/mutate/creator', aReview({}))) as { patch: string };
    expect(answer).toMatchObject({ allowed: true, patchType: 'JSONPatch' });
    expect(JSON.parse(Buffer.from(answer.patch, 'base64').toString())).toContainEqual({
      op: 'add',
      path: '/metadata/annotations/serving.fairlead.dev~1creator',
      value: 'jane',
    });
  });

  it('refuses a creator that is made up', async () => {
    const annotations = { 'serving.fairlead.dev/creator': 'bob' };
    const answer = await post('/validate/creator', aReview(withSecret, undefined, { annotations }));
    expect(responseOf(answer)).toMatchObject({ allowed: false, status: { code: 422 } });
    expect(api.requests).toEqual([]);
  });

  it.each(['/validate/name', '/validate/limits'])(
    'lets a free name and a fresh namespace pass at %s',
    async (path) => {
      expect(responseOf(await post(path, aReview({})))).toEqual({ uid: 'review-1', allowed: true });
    },
  );

  it.each<[string, string, unknown, number, string]>([
    ['another path', '/validate/everything', aReview({}), 404, 'there is no POST /validate/everything'],
    ['a name of Object itself as a path', '/constructor', aReview({}), 404, 'there is no POST'],
    ['no JSON', '/validate/name', 'x', 400, 'not JSON'],
    ['no review', '/validate/name', { kind: 'Pod' }, 400, 'no AdmissionReview'],
    [
      'a deletion',
      '/validate/name',
      { ...aReview({}), request: { ...aReview({}).request, object: null } },
      400,
      'it has no object',
    ],
    ['a review on whose way a defect lies', '/defect', aReview({}), 500, 'the review failed'],
  ])(
    'answers %s with an error, for the failure policy to decide on',
    async (_what, path, body, status, words) => {
      const answer = await post(path, body);
      expect(answer.status).toBe(status);
      expect(answer.body).toContain(words);
      expect(answer.body).not.toContain('a defect');
    },
  );

  it('answers nothing but POST', async () => {
    expect((await post('/validate/name', '', 'GET')).status).toBe(404);
  });

  it('does not read more than a review can have', async () => {
    const { status } = await post('/validate/name', ' '.repeat(8 * 1024 * 1024 + 1)).catch(() => ({
      status: 413,
    }));
    expect(status).toBe(413);
  });

  it('shows a new certificate without a restart', async () => {
    expect((await post('/validate/name', aReview({}))).certificate).toBe('first');
    rotate(await issue('second'));
    expect((await post('/validate/name', aReview({}))).certificate).toBe('second');
  });

  it('counts what it decides, and tells the limits', async () => {
    const text = await registry.metrics();
    expect(text).toMatch(
      /fairlead_admission_reviews_total\{webhook="\/validate\/access",verdict="Forbidden"\} 2/,
    );
    expect(text).toMatch(/fairlead_admission_reviews_total\{webhook="\/defect",verdict="failed"\} 1/);
    expect(text).toMatch(/fairlead_admission_limit\{limit="endpoints"\} 1000/);
  });
});
