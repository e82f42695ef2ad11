/** Owns the tests of how a fetch under way is reported: whom it is told, when it is not, and that it causes no writes. */
import { describe, expect, it } from 'vitest';
import { aContainer, aPod, ended } from '../operator-fixture.ts';
import { now, one, reconciled, revisions, since } from './phases-fixture.ts';
import { byName, deploymentFor } from './snapshot-fixture.ts';

const report = (...args: Parameters<typeof reconciled>) => reconciled(...args).status;

describe('a fetch', () => {
  const deployment = deploymentFor(one, 'iris-1', { desired: 1, ready: 0 });
  const running = { running: { startedAt: since } };
  const fetching = aPod('p', deployment.metadata!.name!, {
    initContainerStatuses: [aContainer('sidecar', running), aContainer('fetch-model', running)],
  });
  const seen = { deployments: byName(deployment), pods: [fetching], revisions: revisions.slice(0, 1) };
  const fetches = new Map([['p', { bytes: 3, totalBytes: 10 }]]);

  it('is told in the row for programs, and for people in its message and in Ready', () => {
    const { servedEntities, conditions } = report(one, { ...seen, fetches });
    const message = 'the model is being fetched: 3 bytes of 10 bytes (30 %)';
    expect(servedEntities).toMatchObject([
      { reason: 'FetchingModel', message, fetch: { pod: 'p', bytes: 3, totalBytes: 10 } },
    ]);
    expect(conditions?.find(({ type }) => type === 'Ready')?.message).toBe(`iris-1: ${message}`);
  });

  it('is not told any more once the pod is through', () => {
    const { endpoint } = reconciled(one, { ...seen, fetches });
    const through = aPod('p', deployment.metadata!.name!, {
      initContainerStatuses: [aContainer('fetch-model', ended(0, '{}'))],
    });
    const { servedEntities } = report(endpoint, { ...seen, pods: [through], fetches });
    expect(servedEntities?.[0]).not.toHaveProperty('fetch');
  });

  it('leaves the status as it was while what is shown of it does not change', () => {
    const { endpoint, status } = reconciled(one, { ...seen, fetches });
    expect(reconciled(endpoint, { ...seen, fetches }, { at: now + 60_000 }).status).toEqual(status);
  });

  it('stays as it is for a new leader that nobody has told anything', () => {
    const { endpoint, status } = reconciled(one, { ...seen, fetches });
    expect(reconciled(endpoint, seen).status).toEqual(status);
  });
});
