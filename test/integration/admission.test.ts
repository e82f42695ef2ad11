/** Owns the proof that writes are judged before they are stored, by each operator, and by the API server's own rules. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations, apiVersion } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { ApiError } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { secrets, servingEndpoints, subjectAccessReviews } from '../../kube/kinds.ts';
import { makeKind } from '../../kube/resource.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { openWebhooks, routeWebhooks } from './harness/webhooks.ts';
import { startWorld } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';
import { until } from './harness/until.ts';

const namespace = 'default';
const roles = makeKind<KubeObject & { rules: object[] }>('rbac.authorization.k8s.io/v1', 'Role', 'roles');
const bindings = makeKind<KubeObject & { roleRef: object; subjects: object[] }>(
  'rbac.authorization.k8s.io/v1',
  'RoleBinding',
  'rolebindings',
);
const serviceAccounts = makeKind('v1', 'ServiceAccount', 'serviceaccounts');

let world: World;
let operator: RunningOperator;
let jane: KubeClient;

/** Lets a ServiceAccount of the namespace do what the rules say. */
async function grant(name: string, rules: object[]): Promise<void> {
  const metadata = { name, namespace };
  const as = { fieldManager: 'test' };
  await world.client.apply(roles, { metadata, rules }, as);
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  const subjects = [{ kind: 'ServiceAccount', name: 'jane', namespace }];
  await world.client.apply(bindings, { metadata, roleRef, subjects }, as);
}

const endpoint = (name: string, spec: Record<string, unknown> = {}, entity: object = {}): ServingEndpoint =>
  ({
    apiVersion,
    kind: 'ServingEndpoint',
    metadata: { name, namespace },
    spec: { servedEntities: [{ name: 'iris-1', model: { uri: 'models:/iris/1' }, ...entity }], ...spec },
  }) as unknown as ServingEndpoint;

const withSecret = (name: string, secret: string): ServingEndpoint =>
  endpoint(name, {}, { env: [{ name: 'KEY', valueFrom: { secretKeyRef: { name: secret, key: 'k' } } }] });

const apply = (client: KubeClient, object: ServingEndpoint) =>
  client.apply(servingEndpoints, object, { fieldManager: 'jane' });

/** Returns how a write was refused. */
const refusal = async (writing: Promise<unknown>): Promise<ApiError> => {
  const error = await writing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
};

beforeAll(async () => {
  world = await startWorld();
  operator = await world.startOperator({ limits: { endpointsPerNamespace: 4, writesPerWindow: 12 } });
  await until('it serves', () => Object.keys(operator.health.unreadyReasons()).length === 0);
  await openWebhooks(world, operator);
  await world.client.create(serviceAccounts, { metadata: { name: 'jane', namespace } });
  jane = await world.clientOf({ namespace, name: 'jane' });
  await grant('endpoints', [
    { apiGroups: ['serving.fairlead.dev'], resources: ['servingendpoints'], verbs: ['*'] },
  ]);
  for (const name of ['hers', 'theirs']) {
    await world.client.create(secrets, { metadata: { name, namespace }, stringData: { k: 'v' } });
  }
  await grant('one-secret', [
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['hers'], verbs: ['get'] },
  ]);
});
afterAll(async () => {
  await jane.transport.close();
  await world.stop();
});

describe('a user', () => {
  it('serves with a Secret that they may read', async () => {
    expect((await apply(jane, withSecret('keyed', 'hers'))).metadata.name).toBe('keyed');
  });

  it('does not with one that they may not, and is told what to do', async () => {
    const { status, message } = await refusal(apply(jane, withSecret('thief', 'theirs')));
    expect(status).toBe(403);
    expect(message).toMatch(
      /admission webhook "access\.serving\.fairlead\.dev" denied the request: spec\.servedEntities\[0\]\.env\[0\]\.valueFrom\.secretKeyRef: user "system:serviceaccount:default:jane" in namespace "default" may not read the Secret "theirs"/,
    );
    expect(await world.client.find(servingEndpoints, { name: 'thief', namespace })).toBeUndefined();
  });

  it('does not get hold of it by changing an endpoint that an administrator keyed', async () => {
    await apply(world.client, withSecret('keyed', 'theirs'));
    const uri = { servedEntities: [{ name: 'iris-1', model: { uri: 'models:/mine/1' } }] };
    const change = world.client.get(servingEndpoints, { name: 'keyed', namespace }).then(({ spec }) => ({
      spec: { servedEntities: [{ ...spec.servedEntities[0], ...uri.servedEntities[0] }] },
    }));
    const { status } = await refusal(
      jane.mergePatch(servingEndpoints, { name: 'keyed', namespace }, await change),
    );
    expect(status).toBe(403);
  });

  it('may still change what has nothing to do with it', async () => {
    const patch = { spec: { description: 'new' } };
    const { spec } = await jane.mergePatch(servingEndpoints, { name: 'keyed', namespace }, patch);
    expect(spec.description).toBe('new');
  });

  it('does not take the name of another endpoint', async () => {
    const { status, message } = await refusal(apply(jane, endpoint('other', { endpointName: 'keyed' })));
    expect(status).toBe(422);
    expect(message).toMatch(
      /spec\.endpointName: the public name "keyed" belongs to the ServingEndpoint "keyed".*choose another one/,
    );
  });

  it('is noted as the creator of what they create, and nobody else ever is', async () => {
    const ref = { name: 'keyed', namespace };
    const creator = 'system:serviceaccount:default:jane';
    expect((await world.endpoint('keyed')).metadata.annotations?.[annotations.creator]).toBe(creator);
    const patch = { metadata: { annotations: { [annotations.creator]: 'somebody' } } };
    expect((await refusal(world.client.mergePatch(servingEndpoints, ref, patch))).status).toBe(422);
    const removal = { metadata: { annotations: { [annotations.creator]: null } } };
    const kept = await world.client.mergePatch(servingEndpoints, ref, removal);
    expect(kept.metadata.annotations?.[annotations.creator]).toBe(creator);
  });
});

describe('a namespace', () => {
  it('gets no more endpoints than it may have', async () => {
    for (const name of ['second', 'third', 'fourth']) await apply(jane, endpoint(name));
    const full = await until('the operator has seen them', async () => {
      const error = await refusal(
        jane.apply(servingEndpoints, endpoint('fifth'), { fieldManager: 'jane', dryRun: true }),
      );
      return error.message.includes('has 4 ServingEndpoints') ? error : undefined;
    });
    expect(full.status).toBe(403);
    expect(full.message).toMatch(/4 are the limit; delete some, use another namespace, or have limits/);
  });

  it('gets no more writes than it may have, whichever operator is asked', async () => {
    const second = await world.startOperator({ limits: { endpointsPerNamespace: 4, writesPerWindow: 12 } });
    await until('it serves', () => Object.keys(second.health.unreadyReasons()).length === 0);
    const change = (step: number) =>
      jane.mergePatch(
        servingEndpoints,
        { name: 'second', namespace },
        { spec: { description: `step ${step}` } },
      );
    const stopped = await until('the limit is reached', async () => {
      const step = performance.now();
      return change(step).then(
        () => undefined,
        (error: unknown) => error as ApiError,
      );
    });
    expect(stopped.status).toBe(429);
    expect(stopped.message).toMatch(
      /has had 1[2-4] creations and changes of ServingEndpoints in 5 minutes, and 12 are the limit; try again in \d+ s/,
    );
    // A dry run of a change of metadata is no write, and passes.
    const labels = { metadata: { labels: { a: 'b' } } };
    await jane.mergePatch(servingEndpoints, { name: 'second', namespace }, labels);
    await second.stop();
  });
});

describe('while no operator answers', () => {
  it('nobody serves a Secret, and what refers to none goes on', async () => {
    await routeWebhooks(world);
    const { status, message } = await refusal(apply(jane, withSecret('fourth', 'hers')));
    expect(status).toBe(500);
    expect(message).toMatch(/failed calling webhook "access\.serving\.fairlead\.dev"/);
    const ref = { name: 'fourth', namespace };
    const env = [{ name: 'PLAIN', value: 'x' }];
    const { spec } = await apply(jane, endpoint('fourth', { description: 'new' }, { env }));
    expect(spec.description).toBe('new');
    const labels = { metadata: { labels: { a: 'c' } } };
    expect((await jane.mergePatch(servingEndpoints, ref, labels)).metadata.labels).toEqual({ a: 'c' });
    const forged = { metadata: { annotations: { [annotations.creator]: 'somebody' } } };
    expect((await refusal(jane.mergePatch(servingEndpoints, ref, forged))).status).toBe(500);
    expect(await jane.delete(servingEndpoints, { name: 'third', namespace })).toBe(true);
    await routeWebhooks(world, operator);
  });

  it.each<[string, Record<string, unknown>, object]>([
    ['a template', {}, { template: { spec: { serviceAccountName: 'robot' } } }],
    [
      'credentials of the model',
      {},
      { model: { uri: 's3://a/b', credentials: { secretRef: { name: 'hers' } } } },
    ],
    ['a variable from elsewhere', {}, { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'a' } } }] }],
    ['a section of the AI gateway', { aiGateway: { usageTracking: { enabled: true } } }, {}],
  ])('%s is never let through unasked', async (_what, spec, entity) => {
    await routeWebhooks(world);
    const { status } = await refusal(apply(jane, endpoint('fourth', spec, entity)));
    await routeWebhooks(world, operator);
    expect(status).toBe(500);
  });

  it('nobody serves a Secret when the API server does not tell whether they may', async () => {
    const failure = world.proxy.failNext(
      ({ path }) => path.endsWith(`/${subjectAccessReviews.plural}`),
      'internal error',
    );
    const { status, message } = await refusal(apply(jane, withSecret('third', 'hers')));
    expect(failure.done).toBe(true);
    expect(status).toBe(503);
    expect(message).toMatch(/cannot be found out whether you may use the Secrets/);
  });
});
