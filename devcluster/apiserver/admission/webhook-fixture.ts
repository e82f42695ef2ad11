/** Owns an API server with webhooks for tests: reviewers that answer as they are told, and writes for them to judge. */
import type { JsonObject } from '../objects/kube-object.ts';
import { eventually, startApiFixture } from '../testing/api-fixture.ts';
import type { Answer, ApiFixture } from '../testing/api-fixture.ts';
import { aConfigMap, boatDefinition } from '../testing/objects.ts';
import { startReviewer } from './reviewer-fixture.ts';
import type { Reviewer } from './reviewer-fixture.ts';

const configurations = '/apis/admissionregistration.k8s.io/v1';
export const maps = '/api/v1/namespaces/default/configmaps';
export const boats = '/apis/test.fairlead.dev/v1/namespaces/default/boats';

export interface WebhookFixture {
  readonly server: ApiFixture;
  readonly reviewer: Reviewer;
  /** Returns a webhook that is asked at `path` about ConfigMaps, or as `given` says. */
  aWebhook(path: string, given?: JsonObject): JsonObject;
  configure(kind: 'Mutating' | 'Validating', ...webhooks: JsonObject[]): Promise<Answer>;
  createMap(name?: string, data?: Record<string, string>, query?: string): Promise<Answer>;
  /** Takes all configurations away, and forgets what was asked. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

let count = 0;
export const nextName = (): string => `object-${(count += 1)}`;

export const everyWrite = (resources: string[]) => ({
  operations: ['*'],
  apiGroups: ['*'],
  apiVersions: ['*'],
  resources,
});

/** Starts the server, with the kind Boat, and the reviewer. */
export async function startWebhookFixture(): Promise<WebhookFixture> {
  const server = await startApiFixture();
  const reviewer = await startReviewer();
  await establishBoats(server);
  return {
    server,
    reviewer,
    aWebhook: (path, given = {}) => ({
      name: `${path.slice(1)}.hooks.test`,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      timeoutSeconds: 2,
      rules: [everyWrite(['configmaps'])],
      clientConfig: { url: `https://127.0.0.1:${reviewer.port}${path}`, caBundle: reviewer.caBundle },
      ...given,
    }),
    configure: (kind, ...webhooks) =>
      server.call('POST', `${configurations}/${kind.toLowerCase()}webhookconfigurations`, {
        body: {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: `${kind}WebhookConfiguration`,
          metadata: { name: nextName() },
          webhooks,
        },
      }),
    createMap: (name = nextName(), data = {}, query = '') =>
      server.call('POST', `${maps}${query}`, { body: aConfigMap(name, data) }),
    reset: async () => {
      for (const kind of ['mutating', 'validating']) {
        await server.call('DELETE', `${configurations}/${kind}webhookconfigurations`);
      }
      reviewer.asked.length = 0;
    },
    stop: async () => {
      reviewer.stop();
      await server.stop();
    },
  };
}

async function establishBoats(server: ApiFixture): Promise<void> {
  const client = server.api.localClient('test');
  const definitions = client.resource('apiextensions.k8s.io/v1', 'CustomResourceDefinition');
  definitions.create(boatDefinition);
  await eventually(() => {
    const { status } = definitions.get('boats.test.fairlead.dev') as unknown as {
      status?: { conditions?: { type: string }[] };
    };
    return status?.conditions?.find(({ type }) => type === 'Established');
  });
}
