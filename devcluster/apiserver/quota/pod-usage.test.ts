import { describe, expect, it } from 'vitest';
import type { QuotaPod, ResourceQuota } from './pod-usage.ts';
import { countsForQuota, podResourcesOf, quotaProblem, sumOf, usageOf } from './pod-usage.ts';

const now = Date.UTC(2026, 0, 1);
const metadata = { name: 'x', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '' };

const aQuota = (hard: Record<string, string>): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { ...metadata, name: 'team' },
  spec: { hard },
});
const aPod = (...containers: QuotaPod['spec']['containers'][number][]): QuotaPod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec: { containers },
});
const sized = (cpu: string, memory: string, limit = memory) => ({
  name: 'main',
  resources: { requests: { cpu, memory }, limits: { memory: limit } },
});

describe('what a pod counts for', () => {
  it('is itself, its requests and its limits', () => {
    expect(Object.fromEntries(usageOf(aPod(sized('500m', '1Gi', '2Gi'))))).toEqual({
      pods: 1_000n,
      'count/pods': 1_000n,
      cpu: 500n,
      'requests.cpu': 500n,
      memory: 1_000n * 2n ** 30n,
      'requests.memory': 1_000n * 2n ** 30n,
      'limits.memory': 1_000n * 2n ** 31n,
    });
  });

  it('is what it requests of an extended resource', () => {
    const pod = aPod({ name: 'main', resources: { requests: { 'nvidia.com/gpu': '2' } } });
    expect(usageOf(pod).get('requests.nvidia.com/gpu')).toBe(2_000n);
  });

  it.each<[string, Partial<QuotaPod['metadata']>, string, boolean]>([
    ['while it runs', {}, 'Running', true],
    ['no longer when it has succeeded', {}, 'Succeeded', false],
    ['no longer when it has failed', {}, 'Failed', false],
    ['while it ends', { deletionTimestamp: '2026-01-01T00:00:10Z' }, 'Running', true],
    ['no longer when it should have gone', { deletionTimestamp: '2025-12-31T23:59:50Z' }, 'Running', false],
  ])('counts %s', (_name, more, phase, expected) => {
    const pod = { ...aPod(sized('1', '1Gi')), metadata: { ...metadata, ...more }, status: { phase } };
    expect(countsForQuota(pod, now)).toBe(expected);
  });

  it('is nothing of what quotas count of other kinds', () => {
    expect(podResourcesOf(aQuota({ secrets: '1', 'count/deployments.apps': '1', pods: '1' }))).toEqual([
      'pods',
    ]);
  });
});

describe('a quota', () => {
  const used = sumOf([aPod(sized('500m', '512Mi')), aPod(sized('500m', '512Mi'))]);

  it.each<[string, Record<string, string>, QuotaPod, string | undefined]>([
    ['lets in what fits', { pods: '3', 'requests.cpu': '2' }, aPod(sized('1', '1Gi')), undefined],
    [
      'counts pods',
      { pods: '2' },
      aPod(sized('1', '1Gi')),
      'exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2',
    ],
    [
      'names everything that is too much, and nothing else',
      { 'requests.memory': '1536Mi', 'limits.memory': '8Gi', cpu: '1100m' },
      aPod(sized('250m', '1Gi')),
      'exceeded quota: team, requested: cpu=250m,requests.memory=1Gi, used: cpu=1,requests.memory=1Gi, limited: cpu=1100m,requests.memory=1536Mi',
    ],
    [
      'wants every container to say what it takes',
      { 'limits.cpu': '4', 'requests.cpu': '4' },
      aPod(sized('1', '1Gi'), { name: 'bare' }),
      'failed quota: team: must specify limits.cpu for: bare,main; requests.cpu for: bare',
    ],
    [
      'lets in a pod without an extended resource, also beyond its end',
      { 'requests.nvidia.com/gpu': '0' },
      aPod(sized('1', '1Gi')),
      undefined,
    ],
  ])('%s', (_name, hard, pod, expected) => {
    expect(quotaProblem(aQuota(hard), pod, used)).toBe(expected);
  });
});
