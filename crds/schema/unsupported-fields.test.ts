/** Owns the tests of the list of fields that this version does not act on. */
import { describe, expect, it } from 'vitest';
import { servingEndpointSpecSchema } from './serving-endpoint.ts';
import { unsupportedFieldsOf } from './unsupported-fields.ts';

const model = { name: 'iris-1', model: { uri: 'models:/iris/1' } };
const external = {
  name: 'gpt',
  externalModel: { provider: 'openai', name: 'gpt-4o', task: 'llm/v1/chat' },
};

const rows: [sentence: string, spec: object, paths: string[]][] = [
  ['a plain endpoint asks only for what is there', {}, []],
  ['empty AI gateway sections ask for nothing', { aiGateway: { guardrails: {}, fallback: {} } }, []],
  ['direct calls to sidecars are served', { routeOptimized: true }, []],
  ['guardrails', { aiGateway: { guardrails: { input: { safety: true } } } }, ['spec.aiGateway.guardrails']],
  ['fallback asks for nothing that is missing', { aiGateway: { fallback: { enabled: true } } }, []],
  ['usage tracking', { aiGateway: { usageTracking: { enabled: true } } }, ['spec.aiGateway.usageTracking']],
  [
    'an inference table',
    { aiGateway: { inferenceTable: { enabled: true, catalog: 'main' } } },
    ['spec.aiGateway.inferenceTable'],
  ],
  [
    'an external model beside a model',
    { servedEntities: [model, external] },
    ['spec.servedEntities[1].externalModel'],
  ],
  [
    'a foundation model',
    { servedEntities: [{ name: 'llama', foundationModel: { name: 'llama' } }] },
    ['spec.servedEntities[0].foundationModel'],
  ],
  [
    'a model in a store that is not fetched from',
    { servedEntities: [{ name: 'iris-1', model: { uri: 'gs://models/iris' } }] },
    ['spec.servedEntities[0].model.uri'],
  ],
  [
    'a model in S3 is fetched',
    { servedEntities: [{ name: 'iris-1', model: { uri: 's3://models/iris' } }] },
    [],
  ],
  [
    'a limit on tokens, behind a limit on calls',
    { rateLimits: [{ calls: 10 }, { key: 'user', tokens: 1000 }] },
    ['spec.rateLimits[1].tokens'],
  ],
];

describe('unsupportedFieldsOf', () => {
  it.each(rows)('%s', (_sentence, fields, paths) => {
    const spec = servingEndpointSpecSchema.parse({ servedEntities: [model], ...fields });

    const unsupported = unsupportedFieldsOf(spec);

    expect(unsupported.map(({ path }) => path)).toEqual(paths);
    for (const { message } of unsupported) expect(message).not.toBe('');
  });
});
