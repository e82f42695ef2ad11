/** Owns the proof that a running cluster keeps its quotas, and tells how much of them is used. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, sh, TestCluster, untilTerm } from '../../node-agent/test-cluster.ts';
import type { Deployment } from '../../controllers/objects/kinds.ts';
import { ApiError } from '../errors/api-error.ts';
import type { ResourceQuota } from './pod-usage.ts';

describe('a ResourceQuota', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await TestCluster.start();
  });
  afterAll(() => cluster.destroy());

  const quotas = () => cluster.client.resource<ResourceQuota>('v1', 'ResourceQuota');
  const makeQuota = (name: string, spec: object): ResourceQuota =>
    quotas().create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name, namespace: 'default' },
      spec,
    });
  const used = (): ResourceQuota['status'] => quotas().get('team', 'default')?.status;
  const limited = (memory: string) => ({
    containers: [sh('main', untilTerm(), { resources: { limits: { memory } } })],
  });

  it('tells what its namespace uses, refuses what is too much, and counts down when pods go', async () => {
    makeQuota('team', { hard: { pods: '3', 'requests.memory': '1Gi' } });
    await eventually(used, (status) => status.used?.['pods'] === '0');
    cluster.run('first', limited('768Mi'));
    await eventually(used, (status) => status.used?.['requests.memory'] === '768Mi');
    expect(used()?.hard).toEqual({ pods: '3', 'requests.memory': '1Gi' });
    expect(() => cluster.run('second', limited('512Mi'))).toThrow(
      'pods "second" is forbidden: exceeded quota: team, requested: requests.memory=512Mi, used: requests.memory=768Mi, limited: requests.memory=1Gi',
    );
    cluster.pods.delete('first', 'default');
    await eventually(used, (status) => status.used?.['pods'] === '0');
    cluster.run('second', limited('512Mi'));
    await cluster.ready('second');
    cluster.pods.delete('second', 'default');
    await cluster.gone('second');
  });

  it('is why a Deployment does not get its pods', async () => {
    cluster.client.resource<Deployment>('apps/v1', 'Deployment').create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: limited('2Gi') },
      },
    });
    const failure = await eventually(() =>
      cluster.client
        .resource<Deployment>('apps/v1', 'Deployment')
        .get('web', 'default')
        ?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure'),
    );
    expect(failure).toMatchObject({
      reason: 'FailedCreate',
      message: expect.stringMatching(/^pods "web-.+" is forbidden: exceeded quota: team, /) as string,
    });
  });

  it.each([
    ['with a scope', { scopes: ['BestEffort'] }, /scopes of quotas are not kept by the embedded cluster/],
    ['with no amount', { hard: { pods: 'many' } }, /quantities must match the regular expression/],
    ['with a negative amount', { hard: { pods: '-1' } }, /must be greater than or equal to 0/],
  ])('is not taken %s', (_name, spec, message) => {
    expect(() => makeQuota('bad', spec)).toThrow(ApiError);
    expect(() => makeQuota('bad', spec)).toThrow(message);
  });
});
