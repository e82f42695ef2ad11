import { describe, expect, it } from 'vitest';
import { configOf } from '../../core/config-versions/endpoint-config.ts';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { deploymentOf } from './deployment-of.ts';
import { deploymentName } from './names.ts';
import { outcomeOf } from './outcome.ts';
import { planServingEndpoint } from './plan.ts';
import { aRevision, aSnapshot, byName, config, deploymentFor } from './snapshot-fixture.ts';
import { statusOf } from './status.ts';

const now = Date.parse('2026-01-01T00:10:00Z');
const older = 'iris-00000older';
const active = { configVersion: 1, since: '2026-01-01T00:00:00Z' };
const servedEntities = [{ name: 'iris-1', configVersion: 1, state: 'Ready' as const, deployment: older }];
const traffic = [{ servedEntity: 'iris-1', percent: 100, deployment: older, configVersion: 1 }];
const iris = (version: number) => anEndpoint('iris').servingModel(`models:/iris/${version}`);
const kept = iris(1).withStatus({ active, servedEntities, traffic }).build();
const [entity] = kept.spec.servedEntities;

describe('the Deployment of an entity', () => {
  const activeVersion = { version: 1, config: configOf(kept.spec) };

  it('is named by what it runs', () => {
    const endpoint = iris(1).build();
    const [made] = endpoint.spec.servedEntities;
    expect(deploymentOf({ endpoint, version: 1, entity: made!, active: undefined })).toBe(
      deploymentName('iris', made!),
    );
  });

  it.each([
    ['for its config version', 1],
    ['for a newer config version that leaves it as it is', 2],
  ])('stays what it is %s', (_name, version) => {
    expect(deploymentOf({ endpoint: kept, version, entity: entity!, active: activeVersion })).toBe(older);
  });

  it('is another one when the entity runs something else', () => {
    const [changed] = iris(2).build().spec.servedEntities;
    expect(deploymentOf({ endpoint: kept, version: 2, entity: changed!, active: activeVersion })).toBe(
      deploymentName('iris', changed!),
    );
  });
});

it('serves on after an upgrade that would name Deployments otherwise', () => {
  const built = deploymentFor(kept, 'iris-1');
  const deployment = { ...built, metadata: { ...built.metadata, name: older } };
  const snapshot = aSnapshot(kept, { revisions: [aRevision(kept, 1)], deployments: byName(deployment) });
  const plan = planServingEndpoint(snapshot, config, now);
  expect(plan.removals).toEqual([]);
  expect(new Set(plan.children.map((child) => child.wanted.metadata?.name))).toEqual(new Set([older]));
  const status = statusOf({
    snapshot,
    plan,
    outcome: outcomeOf({ snapshot, plan, refusals: new Map(), config, workedSince: -Infinity, now }),
    certificate: { problem: undefined, isUsable: true },
    direct: undefined,
    cancelRefusal: undefined,
    config,
    now,
  });
  expect(status).toMatchObject({ active, traffic, ready: 'True' });
});
