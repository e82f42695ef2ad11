/** Owns the tests of the words for what the cluster refuses, on what Kubernetes' admission plugins say. */
import { describe, expect, it } from 'vitest';
import { explainObjectRefusal, explainPodRefusal } from './explain-refusal.ts';

describe('a refusal of pods', () => {
  it.each([
    [
      'by a ResourceQuota',
      'pods "wine-1" is forbidden: exceeded quota: team, requested: requests.cpu=2, used: requests.cpu=7, limited: requests.cpu=8',
      'QuotaExceeded',
      /ResourceQuota of the namespace raised/,
    ],
    [
      'by a LimitRange',
      'pods "wine-1" is forbidden: maximum memory usage per Container is 1Gi, but limit is 4Gi',
      'LimitRangeViolated',
      /LimitRange of the namespace changed/,
    ],
    [
      'by Pod Security',
      'pods "wine-1" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      'PodRefused',
      /Pod Security level/,
    ],
    [
      'by a webhook',
      'admission webhook "policy.example.org" denied the request: no latest tags',
      'PodRefused',
      /policy changed/,
    ],
    [
      'by something else',
      'error looking up service account default/x: not found',
      'ObjectRefused',
      /check quotas/,
    ],
  ])('%s is told with its remedy', (_name, said, reason, remedy) => {
    const explanation = explainPodRefusal(said);
    expect(explanation.reason).toBe(reason);
    expect(explanation.message).toContain(said);
    expect(explanation.message).toMatch(remedy);
  });
});

describe('a refusal of an object', () => {
  it('names the object and passes on what was said', () => {
    expect(explainObjectRefusal('deployments.apps "wine"', 'spec.x: Invalid value')).toEqual({
      reason: 'ObjectRefused',
      message: 'the cluster refuses deployments.apps "wine": spec.x: Invalid value',
    });
  });

  it('of a quota on objects says so', () => {
    const said = 'services "wine" is forbidden: exceeded quota: count';
    expect(explainObjectRefusal('services "wine"', said).reason).toBe('QuotaExceeded');
  });
});
