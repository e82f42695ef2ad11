import { describe, expect, it } from 'vitest';
import { servingEndpointSchema } from '../../crds/schema/serving-endpoint.ts';
import { accountingPlanSchema, planAccounting, planSidecarAccounting } from './accounting-plan.ts';

const iris = { name: 'iris-1', model: { uri: 'models:/iris/1' } };

const endpoint = (spec: object) =>
  servingEndpointSchema.parse({
    apiVersion: 'serving.fairlead.dev/v1alpha1',
    kind: 'ServingEndpoint',
    metadata: { namespace: 'team-a', name: 'iris' },
    spec: { servedEntities: [iris], ...spec },
  });
const nothing = { usage: false, samplingFraction: 1, lossless: false, languageModels: [] };

describe('planAccounting', () => {
  it.each<[string, object, object]>([
    ['nothing of a plain endpoint', {}, nothing],
    ['nothing for limits on calls', { rateLimits: [{ calls: 5 }] }, nothing],
    [
      'usage for limits on tokens',
      { rateLimits: [{ calls: 5 }, { key: 'user', tokens: 5 }] },
      { ...nothing, usage: true },
    ],
    [
      'usage that is tracked, in a table of the namespace',
      { aiGateway: { usageTracking: { enabled: true } } },
      { ...nothing, usage: true, usageTable: 'team-a/endpoint_usage' },
    ],
    ['nothing where a table is not enabled', { aiGateway: { inferenceTable: { enabled: false } } }, nothing],
    [
      'payloads, in a table that is called like the endpoint',
      { endpointName: 'Iris_prod', aiGateway: { inferenceTable: { enabled: true } } },
      { ...nothing, usage: true, payloadTable: 'team-a/Iris_prod_payload' },
    ],
    [
      'payloads as the table says',
      {
        aiGateway: {
          inferenceTable: {
            enabled: true,
            catalogName: 'main',
            schemaName: 'logs',
            tableNamePrefix: 'p',
            samplingFraction: 0.5,
            lossless: true,
          },
        },
      },
      {
        ...nothing,
        usage: true,
        payloadTable: 'team-a/main/logs/p_payload',
        samplingFraction: 0.5,
        lossless: true,
      },
    ],
    [
      'estimates of language models',
      {
        servedEntities: [
          iris,
          { name: 'chat', model: { uri: 'hf://a/b', task: 'llm/v1/chat' } },
          { name: 'raw', model: { uri: 'hf://a/b', protocol: 'openai' } },
          { name: 'gpt', externalModel: { provider: 'openai', name: 'gpt', task: 'llm/v1/chat' } },
          { name: 'llama', foundationModel: { name: 'llama' } },
        ],
      },
      { ...nothing, languageModels: ['chat', 'raw', 'gpt', 'llama'] },
    ],
  ])('accounts %s', (_name, spec, expected) => {
    expect(planAccounting(endpoint(spec))).toEqual(expected);
    expect(accountingPlanSchema.parse(expected)).toEqual(expected);
  });

  it('has sidecars account only what may reach them directly', () => {
    expect(planSidecarAccounting(endpoint({}))).toBeUndefined();
    expect(planSidecarAccounting(endpoint({ routeOptimized: true }))).toEqual(nothing);
  });

  it('lets no name lead out of its directory', () => {
    const stored = { enabled: true, catalogName: '../..', schemaName: 'a/b' };
    const unchecked = {
      metadata: { namespace: 'team-a', name: 'iris' },
      spec: { servedEntities: [], aiGateway: { inferenceTable: stored } },
    };
    expect(planAccounting(unchecked as unknown as Parameters<typeof planAccounting>[0]).payloadTable).toBe(
      'team-a/_____/a_b/iris_payload',
    );
  });
});
