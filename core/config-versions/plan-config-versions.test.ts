import { describe, expect, it } from 'vitest';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { configOf, parseConfig, sameConfig } from './endpoint-config.ts';
import type { EndpointConfig } from './endpoint-config.ts';
import { entityHash } from './entity-hash.ts';
import { planConfigVersions, versionReadiness } from './plan-config-versions.ts';

const config = (version: number): EndpointConfig =>
  configOf(anEndpoint('iris').servingModel(`models:/iris/${version}`).build().spec);
const [one, two, three] = [config(1), config(2), config(3)];
const kept = (...configs: EndpointConfig[]) =>
  configs.map((entry, index) => ({ version: index + 1, config: entry }));

const nothing = {
  active: undefined,
  pending: undefined,
  failed: undefined,
  cancelled: undefined,
  historyLimit: 10,
};

describe('planConfigVersions', () => {
  it.each([
    ['the first config is version 1', { wanted: one, kept: [] }, { target: 1, isNew: true }],
    [
      'the first config stays version 1 while it is brought up',
      { wanted: one, kept: kept(one), pending: 1 },
      { target: 1, isNew: false },
    ],
    [
      'an unchanged config stays the active version',
      { wanted: one, kept: kept(one), active: 1 },
      { target: 1, isNew: false },
    ],
    [
      'a changed config is a new version beside the active one',
      { wanted: two, kept: kept(one), active: 1 },
      { target: 2, isNew: true },
    ],
    [
      'a change during an update supersedes the pending version',
      { wanted: three, kept: kept(one, two), active: 1, pending: 2 },
      { target: 3, isNew: true, superseded: 2 },
    ],
    [
      'writing the active config back drops the pending version',
      { wanted: one, kept: kept(one, two), active: 1, pending: 2 },
      { target: 1, isNew: false, superseded: 2 },
    ],
    [
      'going back to an older config is a new version',
      { wanted: one, kept: kept(one, two), active: 2 },
      { target: 3, isNew: true },
    ],
    [
      'a version number is never used twice, even when its record is gone',
      { wanted: three, kept: [], active: 4, pending: 5 },
      { target: 6, isNew: true, superseded: 5 },
    ],
    [
      'a version that was given up leaves the active one the target',
      { wanted: two, kept: kept(one, two), active: 1, failed: 2 },
      { target: 1, isNew: false, givenUp: 2 },
    ],
    [
      'a version that is given up while it is pending is dropped',
      { wanted: two, kept: kept(one, two), active: 1, pending: 2, failed: 2 },
      { target: 1, isNew: false, givenUp: 2, superseded: 2 },
    ],
    [
      'another config after a version that was given up is brought up',
      { wanted: three, kept: kept(one, two), active: 1, failed: 2 },
      { target: 3, isNew: true },
    ],
    [
      'writing the active config back ends what was given up',
      { wanted: one, kept: kept(one, two), active: 1, failed: 2 },
      { target: 1, isNew: false },
    ],
    [
      'a version that was cancelled leaves the active one the target, too',
      { wanted: two, kept: kept(one, two), active: 1, pending: 2, cancelled: 2 },
      { target: 1, isNew: false, givenUp: 2, superseded: 2 },
    ],
    [
      'a version that is cancelled before it is recorded is not recorded',
      { wanted: two, kept: kept(one), active: 1, cancelled: 2 },
      { target: 1, isNew: false, givenUp: 2 },
    ],
    [
      'a version cannot be cancelled where there is no other to go on with',
      { wanted: one, kept: kept(one), pending: 1, cancelled: 1 },
      { target: 1, isNew: false },
    ],
    [
      'a version that came after the cancelled one is brought up',
      { wanted: three, kept: kept(one, two), active: 1, cancelled: 2 },
      { target: 3, isNew: true },
    ],
    [
      'a version that failed is brought up again where there is no other to go on with',
      { wanted: two, kept: kept(one, two), failed: 2 },
      { target: 2, isNew: false },
    ],
  ])('%s', (_name, { wanted, kept: versions, ...status }, expected) => {
    const plan = planConfigVersions({ ...nothing, wanted, kept: versions, ...status });
    const { target, isNew, superseded, givenUp } = plan;
    expect({ target: target.version, isNew, superseded, givenUp: givenUp?.version }).toEqual({
      superseded: undefined,
      givenUp: undefined,
      ...expected,
    });
  });

  it('forgets the oldest versions beyond the limit, never one that is live', () => {
    const plan = planConfigVersions({
      ...nothing,
      wanted: config(5),
      kept: kept(one, two, three, config(4), config(5)),
      active: 1,
      pending: 5,
      historyLimit: 1,
    });
    expect(plan.forgettable).toEqual([2, 3]);
  });

  it('never forgets a version that was given up: by its record it is known again', () => {
    const plan = planConfigVersions({
      ...nothing,
      wanted: two,
      kept: kept(one, two),
      active: 1,
      failed: 2,
      historyLimit: 0,
    });
    expect(plan.forgettable).toEqual([]);
  });

  it('keeps the newest record even without a history, so that its number is not given again', () => {
    const input = { ...nothing, kept: kept(one, two), active: 1, historyLimit: 0 };
    expect(planConfigVersions({ ...input, wanted: one }).forgettable).toEqual([]);
    expect(planConfigVersions({ ...input, wanted: three }).target.version).toBe(3);
  });

  it.each([
    ['that became active last', [100, 300, 200], 2],
    ['that is the newer one of two from the same second', [100, 300, 300], 3],
    ['that ever was active', [100, undefined, undefined], 1],
    ['of none, where none ever was', [undefined, undefined, undefined], undefined],
  ])('finds the active version again when the status is lost: the one %s', (_name, times, expected) => {
    const versions = kept(one, two, three).map((entry, index) => ({ ...entry, activeSince: times[index] }));
    const plan = planConfigVersions({ ...nothing, wanted: three, kept: versions });
    expect(plan.active?.version).toBe(expected);
    expect(plan.isRecovered).toBe(expected !== undefined);
  });

  it('believes the status rather than the records', () => {
    const versions = kept(one, two).map((entry) => ({ ...entry, activeSince: entry.version }));
    const plan = planConfigVersions({ ...nothing, wanted: one, kept: versions, active: 1 });
    expect(plan.active?.version).toBe(1);
  });
});

describe('versionReadiness', () => {
  it.each([
    [['ready', 'ready'], 'ready'],
    [['ready', 'progressing'], 'progressing'],
    [['progressing', 'failed'], 'failed'],
  ] as const)('of %j is %s', (entities, readiness) => {
    expect(versionReadiness(entities)).toBe(readiness);
  });
});

describe('configs', () => {
  it('send everything to the only entity when no traffic is given', () => {
    expect(one.routes).toEqual([{ servedEntity: 'iris-1', percent: 100 }]);
  });

  it('are the same in another order', () => {
    const endpoint = anEndpoint('iris').servingModel('models:/iris/1').servingModel('models:/iris/2');
    const there = configOf(endpoint.withRoutes({ 'iris-1': 10, 'iris-2': 90 }).build().spec);
    const back = configOf(endpoint.withRoutes({ 'iris-2': 90, 'iris-1': 10 }).build().spec);
    expect(sameConfig(there, { ...back, servedEntities: back.servedEntities.toReversed() })).toBe(true);
  });

  it('get the defaults of fields that the schema has gained since they were stored', () => {
    const stored = {
      servedEntities: [{ name: 'iris-1', model: { uri: 'models:/iris/1' } }],
      routes: one.routes,
    };
    expect(sameConfig(parseConfig(stored, 'iris-config-1'), one)).toBe(true);
  });

  it('that cannot be read are refused with the record and the field', () => {
    expect(() => parseConfig({ servedEntities: [], routes: [] }, 'iris-config-3')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_VERSION_INVALID',
        message: expect.stringMatching(/"iris-config-3"[^]*servedEntities/) as string,
      }),
    );
  });
});

describe('entityHash', () => {
  const hashOf = (endpoint: ReturnType<typeof anEndpoint>): string => {
    const { metadata, spec } = endpoint.build();
    const [entity] = spec.servedEntities;
    return entityHash(metadata.name, entity!);
  };
  const iris = anEndpoint('iris').servingModel('models:/iris/1');

  it('is ten hexadecimal digits', () => {
    expect(hashOf(iris)).toMatch(/^[0-9a-f]{10}$/);
  });

  it('does not change with the scale, which restarts no pod', () => {
    expect(hashOf(iris.withScaleToZero('10s').withWorkload({ size: 'Large' }))).toBe(hashOf(iris));
  });

  it.each([
    ['the model', anEndpoint('iris').servingModel('models:/iris/2', { name: 'iris-1' })],
    ['the name of the entity', anEndpoint('iris').servingModel('models:/iris/1', { name: 'other' })],
    ['the endpoint', anEndpoint('rose').servingModel('models:/iris/1')],
    [
      'the environment',
      anEndpoint('iris').servingModel('models:/iris/1', { env: [{ name: 'A', value: '1' }] }),
    ],
    ['the hardware', iris.withWorkload({ type: 'GPU_SMALL' })],
    ['the overlay', anEndpoint('iris').servingModel('models:/iris/1', { template: { spec: {} } })],
  ])('changes with %s', (_what, other) => {
    expect(hashOf(other)).not.toBe(hashOf(iris));
  });
});
