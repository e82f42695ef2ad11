/** Owns the tests of webhook configurations: what is filled in, what is refused. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../objects/kube-object.ts';
import { startWebhookFixture } from './webhook-fixture.ts';
import type { WebhookFixture } from './webhook-fixture.ts';

let world: WebhookFixture;
const aWebhook: WebhookFixture['aWebhook'] = (...given) => world.aWebhook(...given);
const configure: WebhookFixture['configure'] = (...given) => world.configure(...given);

beforeAll(async () => {
  world = await startWebhookFixture();
});
afterEach(() => world.reset());
afterAll(() => world.stop());

describe('a webhook configuration', () => {
  it('is filled in as Kubernetes does', async () => {
    const { body } = await configure('Mutating', { ...aWebhook('/x'), timeoutSeconds: undefined });
    expect(body['webhooks']).toMatchObject([
      {
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        timeoutSeconds: 10,
        reinvocationPolicy: 'Never',
        rules: [{ scope: '*' }],
      },
    ]);
  });

  it.each<[string, JsonObject, string]>([
    ['a name without three segments', { name: 'x.y' }, 'webhooks[0].name'],
    ['side effects', { sideEffects: 'Some' }, 'webhooks[0].sideEffects'],
    ['too long a timeout', { timeoutSeconds: 31 }, 'webhooks[0].timeoutSeconds'],
    [
      'an unknown version of reviews',
      { admissionReviewVersions: ['v9'] },
      'webhooks[0].admissionReviewVersions',
    ],
    ['neither URL nor Service', { clientConfig: {} }, 'webhooks[0].clientConfig'],
    ['a URL without TLS', { clientConfig: { url: 'http://x/' } }, 'webhooks[0].clientConfig.url'],
    [
      'a bundle that is none',
      { clientConfig: { url: 'https://x/', caBundle: 'eA==' } },
      'webhooks[0].clientConfig.caBundle',
    ],
    [
      'a rule without operations',
      { rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }] },
      'webhooks[0].rules[0].operations',
    ],
    [
      'a condition that does not compile',
      { matchConditions: [{ name: 'a', expression: 'object.' }] },
      'webhooks[0].matchConditions[0].expression',
    ],
    [
      'a condition that is none',
      { matchConditions: [{ name: 'a', expression: '1 + 1' }] },
      'webhooks[0].matchConditions[0].expression',
    ],
    ['an unknown policy', { failurePolicy: 'Maybe' }, 'webhooks[0].failurePolicy'],
  ])('is refused with %s', async (_name, given, field) => {
    const { body } = await configure('Validating', aWebhook('/x', given));
    expect(body).toMatchObject({ code: 422 });
    const { causes } = body['details'] as { causes: { field: string }[] };
    expect(causes.map((cause) => cause.field)).toContain(field);
  });
});
