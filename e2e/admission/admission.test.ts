/** Owns the journey of writes that are judged before they are stored: whose Secrets, whose name, whose endpoint. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations } from '../../crds/schema/api.ts';
import type { ServingEndpointManifest } from '../../crds/schema/serving-endpoint.ts';
import { ApiError } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { namespaces, secrets, servingEndpoints, servingRuntimes } from '../../kube/kinds.ts';
import type { ServingRuntime } from '../../crds/schema/serving-runtime.ts';
import { kubeClient } from '../harness/cluster-under-test.ts';
import { anEndpoint } from '../harness/endpoints.ts';
import { eventually } from '../harness/eventually.ts';
import { makeStranger } from './stranger.ts';
import type { Stranger } from './stranger.ts';

/** Of this run alone: its limits are not spent by other journeys. */
const namespace = `admission-${randomBytes(3).toString('hex')}`;

let admin: KubeClient;
let stranger: Stranger;

beforeAll(async () => {
  admin = kubeClient();
  await admin.create(namespaces, { metadata: { name: namespace } });
  stranger = await makeStranger(admin, namespace);
  for (const name of ['shared', 'private']) {
    await admin.create(secrets, { metadata: { name, namespace }, stringData: { key: 'x' } });
  }
  await stranger.grant('read-shared', {
    apiGroups: [''],
    resources: ['secrets'],
    resourceNames: ['shared'],
    verbs: ['get'],
  });
});
afterAll(async () => {
  await stranger.client.transport.close();
  await admin.delete(namespaces, { name: namespace });
  await admin.transport.close();
});

/** An endpoint that never gets far: what counts is whether it may be written. */
function anEndpointWith(name: string, entity: object = {}, spec: object = {}): ServingEndpointManifest {
  const { metadata, spec: plain, ...rest } = anEndpoint(name, 'models:/no-such-model/1');
  const servedEntities = plain.servedEntities.map((each) => ({ ...each, ...entity }));
  return { ...rest, metadata: { ...metadata, namespace }, spec: { ...plain, ...spec, servedEntities } };
}

const apply = (client: KubeClient, manifest: ServingEndpointManifest) =>
  client.apply(servingEndpoints, manifest as never, { fieldManager: 'journey' });

async function refusalOf(write: Promise<unknown>): Promise<ApiError> {
  const error = await write.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

const key = (name: string) => ({ secretKeyRef: { name, key: 'key' } });
const forms: [form: string, entity: (secret: string) => object][] = [
  [
    'credentials of a model',
    (name) => ({ model: { uri: 's3://a/b', credentials: { secretRef: { name } } } }),
  ],
  ['an environment variable', (name) => ({ env: [{ name: 'KEY', valueFrom: key(name) }] })],
  [
    'a volume of the pod template',
    (name) => ({ template: { spec: { volumes: [{ name: 'v', secret: { secretName: name } }] } } }),
  ],
  [
    'an init container of the pod template',
    (name) => ({
      template: { spec: { initContainers: [{ name: 'i', image: 'i', envFrom: [{ secretRef: { name } }] }] } },
    }),
  ],
  ['the secret that pulls images', (name) => ({ template: { spec: { imagePullSecrets: [{ name }] } } })],
];

describe('somebody who may write endpoints, and read one Secret of two', () => {
  it.each(forms)('serves with the one, and not with the other, as %s', async (_form, entity) => {
    const name = 'keyed';
    await apply(stranger.client, anEndpointWith(name, entity('shared')));
    await admin.delete(servingEndpoints, { name, namespace });
    const { status, message } = await refusalOf(
      apply(stranger.client, anEndpointWith(name, entity('private'))),
    );
    expect(status).toBe(403);
    expect(message).toMatch(
      /denied the request: spec\.servedEntities\[0\]\..*may not read the Secret "private"/,
    );
    expect(message).toMatch(/ask for the right to get that Secret, or name another one/);
    expect(await admin.find(servingEndpoints, { name, namespace })).toBeUndefined();
  });

  it('does not get hold of it by another model in the place of an administrator’s', async () => {
    const name = 'entrusted';
    const entity = { env: [{ name: 'KEY', valueFrom: key('private') }] };
    await apply(admin, anEndpointWith(name, entity));
    const changed = anEndpointWith(name, {
      ...entity,
      model: { uri: 'https://elsewhere.example/model.zip' },
    });
    const write = stranger.client.apply(servingEndpoints, changed as never, { fieldManager: 'journey' });
    expect((await refusalOf(write)).status).toBe(403);
    const described = { spec: { description: 'tended by somebody else' } };
    const { spec } = await stranger.client.mergePatch(servingEndpoints, { name, namespace }, described);
    expect(spec.description).toBe('tended by somebody else');
  });

  it('does not run pods as a service account, or with its token', async () => {
    for (const spec of [{ serviceAccountName: 'default' }, { automountServiceAccountToken: true }]) {
      const write = apply(stranger.client, anEndpointWith('robot', { template: { spec } }));
      expect((await refusalOf(write)).message).toMatch(/may not run pods with .*service account/);
    }
  });

  it('does not bring it in by a runtime', async () => {
    const runtime = {
      metadata: { name: 'leaky', namespace },
      spec: {
        supportedModelFormats: [{ name: 'leaky' }],
        container: { name: 'model', image: 'x', env: [{ name: 'KEY', valueFrom: key('private') }] },
      },
    } as unknown as ServingRuntime;
    const write = stranger.client.apply(servingRuntimes, runtime, { fieldManager: 'journey' });
    expect((await refusalOf(write)).status).toBe(403);
  });

  it('is noted as the creator, which nobody can change', async () => {
    const ref = { name: 'noted', namespace };
    const made = await apply(stranger.client, anEndpointWith(ref.name));
    expect(made.metadata.annotations?.[annotations.creator]).toBe(stranger.username);
    const forged = { metadata: { annotations: { [annotations.creator]: 'somebody' } } };
    const { status, message } = await refusalOf(stranger.client.mergePatch(servingEndpoints, ref, forged));
    expect(status).toBe(422);
    expect(message).toContain('created this endpoint, and that cannot be changed');
  });
});

describe('a public name', () => {
  it('belongs to one endpoint of a namespace', async () => {
    await apply(admin, anEndpointWith('first', {}, { endpointName: 'Wine' }));
    const refused = await eventually(
      'the name is taken',
      30_000,
      // Dry: had it not been seen yet, the second endpoint would have got the name.
      () =>
        admin
          .apply(servingEndpoints, anEndpointWith('second', {}, { endpointName: 'Wine' }) as never, {
            fieldManager: 'journey',
            dryRun: true,
          })
          .then(
            () => undefined,
            (error: unknown) => error,
          ),
      (error) => error !== undefined,
    );
    expect(refused).toBeInstanceOf(ApiError);
    expect((refused as ApiError).status).toBe(422);
    expect((refused as ApiError).message).toMatch(
      /spec\.endpointName: the public name "Wine" belongs to the ServingEndpoint "first".*choose another one/,
    );
    const free = anEndpointWith('second', {}, { endpointName: 'Grape' });
    expect((await apply(admin, free)).spec.endpointName).toBe('Grape');
  });
});

describe('a namespace', () => {
  it('gets no more than fifty writes in five minutes, and is told when to go on', async () => {
    const ref = { name: 'first', namespace };
    const change = (step: number) =>
      admin.mergePatch(servingEndpoints, ref, { spec: { description: `step ${step}` } });
    let step = 0;
    const refused = await eventually(
      'the limit is reached',
      60_000,
      () =>
        change((step += 1)).then(
          () => undefined,
          (error: unknown) => error,
        ),
      (error) => error !== undefined,
    );
    expect((refused as ApiError).status).toBe(429);
    expect((refused as ApiError).message).toMatch(/and 50 are the limit; try again in \d+ s/);
    // What is seen a moment late may let a few more pass.
    expect(step).toBeLessThan(60);
    const labels = { metadata: { labels: { tended: 'yes' } } };
    await admin.mergePatch(servingEndpoints, ref, labels);
  });
});
