import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeKubeClient } from '../../kube/client.ts';
import { json, refusal, startFakeApiServer } from '../../kube/testing/fake-api-server.ts';
import type { FakeApiServer } from '../../kube/testing/fake-api-server.ts';
import { plainTransport } from '../../kube/testing/plain-access.ts';
import { Store } from '../../kube/store.ts';
import type { Change } from '../../kube/store.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { makeLogger } from '../../platform/logging.ts';
import { planBundle, WebhookTrust } from './webhook-trust.ts';

const service = { name: 'fairlead-operator', namespace: 'fairlead-system' };
const bundle = Buffer.from('PEM').toString('base64');

describe('planBundle', () => {
  it('gives the bundle to each of our webhooks that has another, and to no others', () => {
    const webhooks = [
      { name: 'new', clientConfig: { service } },
      { name: 'good', clientConfig: { service, caBundle: 'BBB' } },
      { name: 'stale', clientConfig: { service, caBundle: 'AAA' } },
      { name: 'elsewhere', clientConfig: { service: { ...service, namespace: 'other' } } },
      { name: 'by-url', clientConfig: {} },
    ];
    expect(planBundle(webhooks, 'BBB', 'fairlead-system')).toEqual([
      { op: 'test', path: '/webhooks/0/name', value: 'new' },
      { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: 'BBB' },
      { op: 'test', path: '/webhooks/2/name', value: 'stale' },
      { op: 'add', path: '/webhooks/2/clientConfig/caBundle', value: 'BBB' },
    ]);
  });
});

/** A watched collection whose changes the test makes. */
function followed<Type extends object>() {
  const store = new Store<Type>();
  const handlers = new Set<(change: Change<Type>) => void>();
  return {
    store,
    onChange: (handler: (change: Change<Type>) => void) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    write: (object: object) => {
      for (const change of store.upsert(object as Type)) for (const handler of handlers) handler(change);
    },
  };
}

describe('the trust of the webhook configurations', () => {
  let api: FakeApiServer;
  let transport: KubeTransport;
  let lines: string[];
  let stores: {
    validatingWebhooks: ReturnType<typeof followed>;
    mutatingWebhooks: ReturnType<typeof followed>;
  };
  let trust: WebhookTrust;

  beforeEach(async () => {
    api = await startFakeApiServer();
    api.always(() => true, json({}));
    transport = plainTransport(api.url);
    lines = [];
    stores = { validatingWebhooks: followed(), mutatingWebhooks: followed() };
    trust = new WebhookTrust({
      client: makeKubeClient(transport),
      stores,
      config: { systemNamespace: 'fairlead-system' },
      log: makeLogger({ process: 'test', level: 'info' }, { write: (line) => lines.push(line) }),
    });
  });
  afterEach(async () => {
    await transport.close();
    await api.stop();
  });

  let version = 0;
  const install = (caBundle?: string): void => {
    for (const { write } of Object.values(stores)) {
      const metadata = { name: 'fairlead', uid: 'u', resourceVersion: String((version += 1)) };
      write({ metadata, webhooks: [{ name: 'a.b.c', clientConfig: { service, caBundle } }] });
    }
  };

  it('is put into both', async () => {
    install();
    await trust.reconcile('PEM');
    expect(api.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PATCH /apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/fairlead',
      'PATCH /apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/fairlead',
    ]);
    expect(JSON.parse(api.requests[0]?.body ?? '')).toContainEqual({
      op: 'add',
      path: '/webhooks/0/clientConfig/caBundle',
      value: bundle,
    });
  });

  it('is left alone where it is there', async () => {
    install(bundle);
    await trust.reconcile('PEM');
    expect(api.requests).toEqual([]);
  });

  it('is said once to have nowhere to be, and the operator goes on', async () => {
    await trust.reconcile('PEM');
    await trust.reconcile('PEM');
    expect(lines.filter((line) => line.includes('no webhook configuration'))).toHaveLength(2);
    expect(api.requests).toEqual([]);
  });

  it('fails when the API server does, for the leader to try again', async () => {
    install();
    api.always(() => true, refusal(403, 'Forbidden', 'no'));
    await expect(trust.reconcile('PEM')).rejects.toThrow('no');
  });

  it('is missed as soon as somebody installs without it, and not before there is an authority', async () => {
    let missed = 0;
    const end = trust.onLack(() => (missed += 1));
    install();
    expect(missed).toBe(0);
    await trust.reconcile('PEM');
    install();
    expect(missed).toBe(2);
    install(bundle);
    end();
    install();
    // The first of the two writes that heal is judged while the other still lacks it.
    expect(missed).toBe(3);
  });
});
