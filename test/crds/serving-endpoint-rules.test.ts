/** Owns the tests of the CEL rules of ServingEndpoint, on the embedded cluster's CEL: what they accept, what they refuse. */
import { describe, expect, it } from 'vitest';
import { makeCustomResourceDefinition } from '../../crds/codegen/crd.ts';
import { resources } from '../../crds/codegen/resources.ts';
import type { JsonSchema } from '../../crds/json-schema.ts';
import { childrenOf } from '../../crds/json-schema.ts';
import { compileRules } from '../../devcluster/apiserver/crd/cel-rules.ts';
import { anEndpoint } from '../support/an-endpoint.ts';

const crd = makeCustomResourceDefinition(resources[0]!);
const schema = crd.spec.versions[0]!.schema.openAPIV3Schema;
const { rules } = compileRules(schema);
const check = (object: unknown, old?: unknown) =>
  rules.check(object, old).map(({ field, message }) => ({ path: field, message: withoutVerdict(message) }));

/** Takes away what the API server puts in front of a rule's message. */
const withoutVerdict = (message: string) => message.replace(/^(Invalid|Required) value: ("\w+": )?/, '');

const model = { uri: 'models:/iris/1' };
const iris = { name: 'iris-1', model };

const endpoint = (spec: object, name = 'iris') =>
  anEndpoint(name).servingModel('models:/iris/1').withSpec(spec).build();

const withEntity = (entity: object) => endpoint({ servedEntities: [{ ...iris, ...entity }] });
const withWorkload = (workload: object) => withEntity({ workload });
const two = [iris, { name: 'iris-2', model }];
const routes = (...shares: [servedEntity: string, percent: number][]) => ({
  traffic: { routes: shares.map(([servedEntity, percent]) => ({ servedEntity, percent })) },
});

const accepted: [sentence: string, object: unknown][] = [
  ['the smallest endpoint', endpoint({})],
  ['a name of 63 characters', endpoint({}, 'a'.repeat(63))],
  [
    'two entities with routes that sum to 100',
    endpoint({ servedEntities: two, ...routes(['iris-1', 90], ['iris-2', 10]) }),
  ],
  ['an entity with 0 percent', endpoint({ servedEntities: two, ...routes(['iris-1', 100], ['iris-2', 0]) })],
  ['an entity without a route', endpoint({ servedEntities: two, ...routes(['iris-2', 100]) })],
  ['a size', withWorkload({ size: 'Large' })],
  [
    'rules of scaling',
    withWorkload({
      scaling: { scaleUp: { policies: [{ type: 'Percent', value: 900, periodSeconds: 15 }] } },
    }),
  ],
  ['concurrency bounds', withWorkload({ minConcurrency: 4, maxConcurrency: 4 })],
  ['an idle time of one second', withWorkload({ scaleToZero: { idleAfter: '1s' } })],
  ['an idle time in several units', withWorkload({ scaleToZero: { idleAfter: '1h30m500ms' } })],
  ['environment and overlay of a model', withEntity({ env: [{ name: 'A', value: 'b' }], template: {} })],
  ['a model in a volume', withEntity({ model: { uri: 'pvc://models.v1/iris/1' } })],
  ['a web address with an @ in its path', withEntity({ model: { uri: 'https://models.example/a@1.zip' } })],
  ['a whole volume', withEntity({ model: { uri: 'pvc://models' } })],
  [
    'all of routing',
    endpoint({
      routing: {
        sticky: { header: 'x-session-id' },
        prefixAffinity: { enabled: true },
        retries: { attempts: 1, serverErrors: true },
        timeouts: { total: '5m', firstByte: '30s', idle: '10s' },
      },
    }),
  ],
  ['a sticky cookie', endpoint({ routing: { sticky: { cookie: 'session' } } })],
  ['a limit on calls', endpoint({ rateLimits: [{ calls: 10 }] })],
  ['a limit on tokens of one user', endpoint({ rateLimits: [{ key: 'user', principal: 'ada', tokens: 9 }] })],
];

const external = { provider: 'openai', name: 'gpt-4o', task: 'llm/v1/chat' };

const refused: [sentence: string, object: unknown, path: string, message: string][] = [
  [
    'a sticky key that is nowhere',
    endpoint({ routing: { sticky: {} } }),
    'spec.routing.sticky',
    'exactly one of header and cookie',
  ],
  [
    'a sticky key at two places',
    endpoint({ routing: { sticky: { header: 'a', cookie: 'b' } } }),
    'spec.routing.sticky',
    'exactly one of header and cookie',
  ],
  [
    'a request that may take longer than an hour',
    endpoint({ routing: { timeouts: { total: '1h1s' } } }),
    'spec.routing.timeouts.total',
    'the time limit total must be 1s to 1h',
  ],
  [
    'a request that must be answered at once',
    endpoint({ routing: { timeouts: { firstByte: '10ms' } } }),
    'spec.routing.timeouts.firstByte',
    'the time limit firstByte must be 1s to 1h',
  ],
  [
    'a stream that may not pause at all',
    endpoint({ routing: { timeouts: { idle: '0s' } } }),
    'spec.routing.timeouts.idle',
    'the time limit idle must be 1s to 1h',
  ],
  [
    'a name that is no DNS label',
    endpoint({}, 'iris.prod'),
    '',
    'metadata.name becomes the name of Services',
  ],
  [
    'a name that begins with a digit',
    endpoint({}, '1iris'),
    '',
    'metadata.name becomes the name of Services',
  ],
  ['a name of 64 characters', endpoint({}, 'a'.repeat(64)), '', 'metadata.name becomes the name of Services'],
  [
    'an entity without any kind of model',
    withEntity({ model: undefined }),
    'spec.servedEntities[0]',
    'exactly one of model, externalModel and foundationModel must be set',
  ],
  [
    'an entity with two kinds of model',
    withEntity({ foundationModel: { name: 'llama' } }),
    'spec.servedEntities[0]',
    'exactly one of model, externalModel and foundationModel must be set',
  ],
  [
    'environment of an external model',
    withEntity({ model: undefined, externalModel: external, env: [{ name: 'A', value: 'b' }] }),
    'spec.servedEntities[0]',
    'env and template need a pod',
  ],
  [
    'an overlay of an external model',
    withEntity({ model: undefined, externalModel: external, template: {} }),
    'spec.servedEntities[0]',
    'env and template need a pod',
  ],
  [
    'two entities without routes',
    endpoint({ servedEntities: two }),
    'spec.traffic',
    'traffic.routes is required',
  ],
  [
    'a route to nobody',
    endpoint(routes(['iris-2', 100])),
    'spec.traffic.routes',
    'each traffic.routes[].servedEntity must name one of servedEntities',
  ],
  [
    'routes that sum to 99',
    endpoint({ servedEntities: two, ...routes(['iris-1', 90], ['iris-2', 9]) }),
    'spec.traffic.routes',
    'the percents of traffic.routes must sum to 100',
  ],
  [
    'a size beside a bound',
    withWorkload({ size: 'Small', minConcurrency: 4, maxConcurrency: 8 }),
    'spec.servedEntities[0].workload',
    'size excludes minConcurrency and maxConcurrency',
  ],
  [
    'a replica that takes more than is wanted at most',
    withWorkload({ minConcurrency: 4, maxConcurrency: 8, scaling: { concurrencyPerReplica: 9 } }),
    'spec.servedEntities[0].workload',
    'scaling.concurrencyPerReplica must not be greater than maxConcurrency',
  ],
  [
    'a policy that takes more replicas away than there are',
    withWorkload({
      scaling: { scaleDown: { policies: [{ type: 'Percent', value: 101, periodSeconds: 15 }] } },
    }),
    'spec.servedEntities[0].workload.scaling.scaleDown',
    'scaleDown cannot take more than 100 percent of the replicas',
  ],
  [
    'one bound alone',
    withWorkload({ minConcurrency: 4 }),
    'spec.servedEntities[0].workload',
    'minConcurrency and maxConcurrency must be set together',
  ],
  [
    'bounds the wrong way round',
    withWorkload({ minConcurrency: 8, maxConcurrency: 4 }),
    'spec.servedEntities[0].workload',
    'minConcurrency must not be greater than maxConcurrency',
  ],
  [
    'no idle time at all',
    withWorkload({ scaleToZero: { idleAfter: '0s' } }),
    'spec.servedEntities[0].workload.scaleToZero.idleAfter',
    'idleAfter must be at least 1s',
  ],
  [
    'a password in the uri',
    withEntity({ model: { uri: 'https://me:pass@models.example/a.zip' } }),
    'spec.servedEntities[0].model.uri',
    'put HTTP_USERNAME and HTTP_PASSWORD into the Secret of credentials',
  ],
  [
    'a volume that has no name',
    withEntity({ model: { uri: 'pvc:///iris' } }),
    'spec.servedEntities[0].model.uri',
    'a model in a volume is pvc://<name of a PersistentVolumeClaim>',
  ],
  [
    'credentials for a volume',
    withEntity({ model: { uri: 'pvc://models/iris', credentials: { secretRef: { name: 's' } } } }),
    'spec.servedEntities[0].model.credentials',
    'a volume is mounted as it is and needs no credentials',
  ],
  [
    'a choice of files for a volume',
    withEntity({ model: { uri: 'pvc://models/iris', files: { include: ['*.gguf'] } } }),
    'spec.servedEntities[0].model.files',
    'a volume is mounted as it is: name the directory in the uri',
  ],
  [
    'a limit on nothing',
    endpoint({ rateLimits: [{ key: 'user' }] }),
    'spec.rateLimits[0]',
    'a rate limit must set calls, tokens or both',
  ],
  [
    'a principal of the whole endpoint',
    endpoint({ rateLimits: [{ principal: 'ada', calls: 1 }] }),
    'spec.rateLimits[0]',
    'principal needs key user, userGroup or servicePrincipal',
  ],
];

describe('the rules of ServingEndpoint', () => {
  it.each(accepted)('accept %s', (_sentence, object) => {
    expect(check(object)).toEqual([]);
  });

  it.each(refused)('refuse %s', (_sentence, object, path, message) => {
    expect(check(object)).toMatchObject([{ path, message: expect.stringContaining(message) as string }]);
  });

  it('accept a change of routeOptimized, both ways', () => {
    const [plain, direct] = [endpoint({}), endpoint({ routeOptimized: true })];

    expect(check(direct, plain)).toEqual([]);
    expect(check(plain, direct)).toEqual([]);
  });

  it('refuse to turn an entity into one of a provider, and back, but not another in its place', () => {
    const external = { provider: 'openai', name: 'gpt-4o', task: 'llm/v1/chat' };
    const hosted = withEntity({});
    const provided = withEntity({ model: undefined, externalModel: external });
    const renamed = withEntity({ name: 'gpt', model: undefined, externalModel: external });

    for (const [after, before] of [
      [provided, hosted],
      [hosted, provided],
    ]) {
      expect(check(after, before)).toMatchObject([
        {
          path: 'spec.servedEntities[0]',
          message: expect.stringMatching(
            /cannot change between externalModel and a model.*add another entity/,
          ) as string,
        },
      ]);
    }
    expect(check(renamed, hosted)).toEqual([]);
  });

  it('are all refused once in this table', () => {
    const known = rulesIn(schema).filter((message) => !message.startsWith('a served entity cannot change'));
    const seen = new Set(refused.flatMap(([, object]) => check(object).map(({ message }) => message)));

    expect([...seen].sort()).toEqual(known.sort());
  });
});

function rulesIn(node: JsonSchema): string[] {
  const own = (node['x-kubernetes-validations'] ?? []).map(({ message }) => message ?? '');
  return [...own, ...childrenOf(node, '').flatMap(([, child]) => rulesIn(child))];
}
