/** Owns the tests of what becomes of an entity whose template would replace what is Fairlead's own. */
import { expect, it } from 'vitest';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { one, reconciled, servingOne, since, told, uid } from './phases-fixture.ts';
import { aRevision, byName, deploymentFor } from './snapshot-fixture.ts';

const template = { spec: { initContainers: [{ name: 'sidecar', $patch: 'delete' }] } };
const without = anEndpoint('iris')
  .withMetadata({ uid, generation: 4 })
  .servingModel('models:/iris/1', { name: 'iris-1', template });
const first = deploymentFor(one, 'iris-1');

it('a new one is not brought up, and says why', () => {
  const { plan, status } = reconciled(without.build());
  expect(plan.children).toEqual([]);
  expect(told(status)).toMatchObject({ Ready: 'False TemplateRefused', Stalled: 'True UpdateFailed' });
  expect(status.servedEntities?.[0]).toMatchObject({
    state: 'Failed',
    message: expect.stringMatching(/removes the container "sidecar".*a template may set resources/) as string,
  });
});

it('an update to it is given up at once, and the active version goes on', () => {
  const pending = { configVersion: 2, since };
  const endpoint = without.withStatus({ ...servingOne, pending }).build();
  const { status } = reconciled(endpoint, {
    revisions: [aRevision(one, 1), aRevision(endpoint, 2)],
    deployments: byName(first),
  });
  expect(status).toMatchObject({
    ready: 'True',
    active: { configVersion: 1 },
    failed: { configVersion: 2, reason: 'TemplateRefused' },
  });
});

it('what an earlier version of Fairlead has made of it serves on, with the refusal told', () => {
  const deployment = deploymentFor(without.build(), 'iris-1');
  const traffic = [
    { servedEntity: 'iris-1', percent: 100, deployment: deployment.metadata!.name!, configVersion: 1 },
  ];
  const endpoint = without.withStatus({ active: servingOne.active, traffic }).build();
  const { plan, status } = reconciled(endpoint, {
    revisions: [aRevision(endpoint, 1)],
    deployments: byName(deployment),
  });
  expect(plan.removals).toEqual([]);
  expect(status.traffic).toEqual(traffic);
  expect(told(status)).toMatchObject({ Ready: 'True Serving', Stalled: 'True TemplateRefused' });
});
