import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeKubeClient } from '../../kube/client.ts';
import { startFakeApiServer } from '../../kube/testing/fake-api-server.ts';
import type { FakeApiServer } from '../../kube/testing/fake-api-server.ts';
import { plainTransport } from '../../kube/testing/plain-access.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { makeLogger } from '../../platform/logging.ts';
import { makeWebhookKeeper } from './reconcile-webhooks.ts';

const service = { name: 'fairlead-operator', namespace: 'fairlead-system', path: '/x' };
const bundle = Buffer.from('PEM').toString('base64');

let api: FakeApiServer;
let transport: KubeTransport;
let lines: string[];
beforeEach(async () => {
  api = await startFakeApiServer();
  transport = plainTransport(api.url);
  lines = [];
});
afterEach(async () => {
  await transport.close();
  await api.stop();
});

const keeper = () =>
  makeWebhookKeeper({
    client: makeKubeClient(transport),
    config: { systemNamespace: 'fairlead-system' },
    log: makeLogger({ process: 'test', level: 'info' }, { write: (line) => lines.push(line) }),
  });

/** Both configurations have one webhook of ours, with `caBundle`. */
const install = (caBundle?: string): void =>
  api.always(
    () => true,
    (response) =>
      response
        .writeHead(200)
        .end(JSON.stringify({ webhooks: [{ name: 'a.b.c', clientConfig: { service, caBundle } }] })),
  );

const patches = () => api.requests.filter(({ method }) => method === 'PATCH');

describe('the keeper of the webhook configurations', () => {
  it('gives both the bundle', async () => {
    install();
    await keeper()('PEM');
    expect(patches().map(({ path }) => path)).toEqual([
      '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/fairlead',
      '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/fairlead',
    ]);
    expect(JSON.parse(patches()[0]?.body ?? '')).toContainEqual({
      op: 'add',
      path: '/webhooks/0/clientConfig/caBundle',
      value: bundle,
    });
  });

  it('writes nothing where the bundle is there', async () => {
    install(bundle);
    await keeper()('PEM');
    expect(patches()).toEqual([]);
  });

  it('says once that there is no configuration, and goes on', async () => {
    const keep = keeper();
    await keep('PEM');
    await keep('PEM');
    expect(lines.filter((line) => line.includes('no webhook configuration'))).toHaveLength(2);
    expect(patches()).toEqual([]);
  });

  it('fails when the API server does, for the leader to try again', async () => {
    api.always(
      () => true,
      (response) => response.writeHead(403).end(JSON.stringify({ kind: 'Status', code: 403, message: 'no' })),
    );
    await expect(keeper()('PEM')).rejects.toThrow('no');
  });
});
