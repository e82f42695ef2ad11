import { createServer, get } from 'node:https';
import type { IncomingMessage, Server } from 'node:http';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueCertificate, makeAuthority } from '../../../platform/tls/authority.ts';
import type { LocalClient } from '../client/local-client.ts';
import { eventually, startApiFixture } from '../testing/api-fixture.ts';
import type { ApiFixture } from '../testing/api-fixture.ts';

const path = '/apis/metrics.test/v1beta1';
const now = Date.now();

describe('an aggregated API', () => {
  let server: ApiFixture;
  let client: LocalClient;
  let backend: Server;
  let caPem: string;
  let abandoned = false;
  const seen: {
    url: string;
    user: unknown;
    groups: unknown;
    authorization: unknown;
    peer: unknown;
    impersonation: unknown;
  }[] = [];

  beforeAll(async () => {
    server = await startApiFixture();
    client = server.api.localClient('test');
    const authority = await makeAuthority({ commonName: 'backend-ca', now, validMs: 3_600_000 });
    caPem = authority.certificatePem;
    const certificate = await issueCertificate(authority, {
      commonName: 'b',
      dnsNames: ['backend.default.svc'],
      usages: ['server'],
      now,
      validMs: 3_600_000,
    });
    backend = createServer(
      {
        cert: certificate.certificatePem,
        key: certificate.privateKeyPem,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        note(request);
        if (request.url?.includes('slow') === true) {
          response.once('close', () => (abandoned = true));
          return;
        }
        const isMissing = request.url?.includes('missing') === true;
        const body = isMissing
          ? { kind: 'Status', status: 'Failure', reason: 'NotFound', message: 'no such metric', code: 404 }
          : {
              kind: 'APIResourceList',
              groupVersion: 'metrics.test/v1beta1',
              resources: [
                { name: 'things', singularName: '', namespaced: true, kind: 'Thing', verbs: ['get'] },
              ],
            };
        response
          .writeHead(isMissing ? 404 : 200, { 'content-type': 'application/json' })
          .end(JSON.stringify(body));
      },
    );
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    backend.closeAllConnections();
    backend.close();
    await server.stop();
  });

  const note = (request: IncomingMessage): void => {
    const { headers, url = '' } = request;
    const { socket } = request;
    const subject: { CN?: string | string[] } =
      socket instanceof TLSSocket ? socket.getPeerCertificate().subject : {};
    seen.push({
      url,
      user: headers['x-remote-user'],
      groups: headers['x-remote-group'],
      authorization: headers.authorization,
      peer: subject.CN,
      impersonation: [headers['impersonate-user'], headers['impersonate-group']],
    });
  };
  const available = (): { status: string; message: string } | undefined => {
    const service = client.resource('apiregistration.k8s.io/v1', 'APIService').get('v1beta1.metrics.test');
    const { status } = service as unknown as {
      status?: { conditions?: { status: string; message: string }[] };
    };
    return status?.conditions?.[0];
  };

  it('is unavailable, with the reason, until its backend is there', async () => {
    const service = {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.test' },
      spec: {
        group: 'metrics.test',
        version: 'v1beta1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        caBundle: Buffer.from(caPem).toString('base64'),
        service: { namespace: 'default', name: 'backend', port: 443 },
      },
    };
    client.resource('apiregistration.k8s.io/v1', 'APIService').create(service);
    const condition = await eventually(available);
    expect(condition).toMatchObject({
      status: 'False',
      message: expect.stringContaining('service/backend in "default" is not present') as unknown,
    });
    const answer = await server.call('GET', `${path}/x`);
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ kind: 'Status', reason: 'ServiceUnavailable' });
    await expect(client.getPath(`${path}/x`)).rejects.toMatchObject({ httpStatus: 503 });
  });

  it('is served by its backend, which learns who asks and nothing of their credentials', async () => {
    const { port } = backend.address() as { port: number };
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'backend', namespace: 'default' },
      spec: { ports: [{ name: 'https', port: 443 }] },
    };
    client.resource('v1', 'Service').create(service);
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: 'backend',
        namespace: 'default',
        labels: { 'kubernetes.io/service-name': 'backend' },
      },
      addressType: 'IPv4',
      ports: [{ name: 'https', port }],
      endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
    };
    client.resource('discovery.k8s.io/v1', 'EndpointSlice').create(slice);
    await eventually(() => (available()?.status === 'True' ? true : undefined));
    const spoofed = { 'x-remote-user': 'root' };
    const { status, body } = await server.call('GET', `${path}/namespaces/a/things?x=1`, {
      headers: spoofed,
    });
    expect([status, body.kind]).toEqual([200, 'APIResourceList']);
    expect(seen.at(-1)).toEqual({
      url: `${path}/namespaces/a/things?x=1`,
      user: 'admin',
      groups: 'system:masters, system:authenticated',
      authorization: undefined,
      peer: 'front-proxy-client',
      impersonation: [undefined, undefined],
    });
  });

  it('is asked as whom the user acts, for the path that was looked at', async () => {
    await server.call('GET', `${path}/namespaces/b/%2e%2e/a/things`, {
      headers: { 'impersonate-user': 'alice', 'impersonate-group': 'system:masters' },
    });
    expect(seen.at(-1)).toMatchObject({
      url: `${path}/namespaces/a/things`,
      user: 'alice',
      impersonation: [undefined, undefined],
    });
  });

  it('hears that a client left before its answer', async () => {
    const { url, adminToken, caPem: ca } = server.api;
    const headers = { authorization: `Bearer ${adminToken}` };
    const call = get(`${url}${path}/slow`, { ca, headers }).on('error', () => undefined);
    await eventually(() => (seen.at(-1)?.url === `${path}/slow` ? true : undefined));
    call.destroy();
    await eventually(() => (abandoned ? true : undefined));
  });

  it('is called from inside the process', async () => {
    expect(await client.getPath(`${path}/things`)).toMatchObject({ kind: 'APIResourceList' });
    expect(seen.at(-1)?.user).toBe('system:devcluster:test');
    await expect(client.getPath(`${path}/missing`)).rejects.toMatchObject({
      httpStatus: 404,
      message: 'no such metric',
    });
    await expect(client.getPath('/apis/nobody/v1/x')).rejects.toMatchObject({ httpStatus: 503 });
    await expect(client.getPath('/api/v1/pods')).rejects.toMatchObject({ httpStatus: 404 });
  });

  it('is part of discovery', async () => {
    expect((await server.call('GET', '/apis')).text).toContain('metrics.test/v1beta1');
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    expect((await server.call('GET', '/apis', { accept })).text).toContain('"resource":"things"');
  });

  it('is not believed with a certificate of another authority', async () => {
    client.resource('apiregistration.k8s.io/v1', 'APIService').mergePatch('v1beta1.metrics.test', undefined, {
      spec: { caBundle: Buffer.from(server.api.caPem).toString('base64') },
    });
    const { status, body } = await server.call('GET', `${path}/things`, { headers: { connection: 'close' } });
    expect(status).toBe(503);
    expect(body.message).toContain('error trying to reach service');
    client.resource('apiregistration.k8s.io/v1', 'APIService').mergePatch('v1beta1.metrics.test', undefined, {
      spec: { caBundle: null, insecureSkipTLSVerify: true },
    });
    expect((await server.call('GET', `${path}/things`)).status).toBe(200);
  });
});
