/** Owns the tests of the list of fields that this version does not act on. */
import { describe, expect, it } from 'vitest';
import { servingEndpointSpecSchema } from './serving-endpoint.ts';
import { unsupportedFieldsOf } from './unsupported-fields.ts';

const model = { name: 'iris-1', model: { uri: 'models:/iris/1' } };
const external = {
  name: 'gpt',
  externalModel: { provider: 'openai', name: 'gpt-4o', task: 'llm/v1/chat' },
};

type Row = [sentence: string, spec: object, paths: string[]];

const rows: Row[] = [
  ['a plain endpoint asks only for what is there', {}, []],
  ['empty AI gateway sections ask for nothing', { aiGateway: { guardrails: {}, fallback: {} } }, []],
  ['direct calls to sidecars are served', { routeOptimized: true }, []],
  ['guardrails', { aiGateway: { guardrails: { input: { safety: true } } } }, ['spec.aiGateway.guardrails']],
  ['fallback asks for nothing that is missing', { aiGateway: { fallback: { enabled: true } } }, []],
  [
    'usage and payloads are logged',
    { aiGateway: { usageTracking: { enabled: true }, inferenceTable: { enabled: true } } },
    [],
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
  ...[
    's3://models/iris',
    'gs://models/iris',
    'azure://a/models/iris',
    'hf://acme/iris',
    'oci://acme/iris:1',
  ].map((uri): Row => [
    `a model is fetched from ${uri}`,
    { servedEntities: [{ name: 'iris-1', model: { uri } }] },
    [],
  ]),
  [
    'limits on calls and tokens are applied',
    { rateLimits: [{ calls: 10 }, { key: 'user', tokens: 1000 }] },
    [],
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
