/** Owns the tests of what is reported of an endpoint that nothing can be done for, and of its address. */
import { describe, expect, it } from 'vitest';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { config } from './snapshot-fixture.ts';
import { statusOfBlocked, urlOf } from './status.ts';

const now = Date.parse('2026-01-01T00:10:00Z');
const iris = (version: number) => anEndpoint('iris').servingModel(`models:/iris/${version}`);
const active = { configVersion: 1, since: '2026-01-01T00:00:00Z' };

describe('an endpoint that is blocked', () => {
  it('keeps what it says of its traffic, and is stalled', () => {
    const traffic = [{ servedEntity: 'iris-1', percent: 100, configVersion: 1 }];
    const endpoint = iris(1).withStatus({ active, traffic }).build();
    const status = statusOfBlocked(
      endpoint,
      { reason: 'NameTaken', message: 'taken' },
      { spec: endpoint.spec, config, now },
    );
    expect(status).toMatchObject({ active, traffic, ready: 'False' });
    expect(status.conditions).toMatchObject([
      { type: 'Ready', status: 'False', reason: 'NameTaken' },
      { type: 'FieldsSupported', status: 'True' },
      { type: 'Stalled', status: 'True', reason: 'NameTaken' },
    ]);
  });

  it.each([
    ['NameTaken', undefined],
    ['SpecInvalid', expect.stringContaining('/iris/invocations')],
  ])('by %s tells only an address that is its own', (reason, url) => {
    const endpoint = iris(1).withStatus({ url: 'https://x/serving-endpoints/iris/invocations' }).build();
    const status = statusOfBlocked(
      endpoint,
      { reason, message: 'why' },
      { spec: endpoint.spec, config, now },
    );
    expect(status.url).toEqual(url);
  });
});

describe('the URL', () => {
  it.each([
    [
      'is short in the default namespace',
      iris(1),
      'https://ml.example.org/serving-endpoints/iris/invocations',
    ],
    [
      'names any other namespace',
      iris(1).inNamespace('team-a'),
      'https://ml.example.org/namespaces/team-a/serving-endpoints/iris/invocations',
    ],
    [
      'carries the public name',
      iris(1).withSpec({ endpointName: 'Iris_prod' }),
      'https://ml.example.org/serving-endpoints/Iris_prod/invocations',
    ],
  ])('%s', (_name, endpoint, url) => {
    expect(urlOf(endpoint.build(), { ...config, publicUrl: 'https://ml.example.org/' })).toBe(url);
  });
});
