import { describe, expect, it } from 'vitest';
import { aDeployment } from '../../test/support/a-deployment.ts';
import { idleAfterAnnotation } from '../serving-endpoint/names.ts';
import { idleLongEnough } from './plan-scale-to-zero.ts';
import type { IdleCandidate } from './plan-scale-to-zero.ts';

const deployment = (replicas: number, idleAfter?: string) => {
  const built = aDeployment('d').withReplicas(replicas).build();
  const annotations = idleAfter === undefined ? {} : { [idleAfterAnnotation]: idleAfter };
  return { ...built, metadata: { ...built.metadata, annotations } };
};
const demand = {
  reporters: [{ pod: 'p', source: 'sidecar' as const, continuousSince: 0, lastAt: 30_000 }],
  lastDemandAt: 20_000,
  stableAverage: 0,
  burstAverage: 0,
  isSettled: true,
};
const idle: IdleCandidate = {
  deployment: deployment(1, '10s'),
  pods: ['p'],
  demand,
  answersSince: 5_000,
};

describe('a Deployment goes to zero', () => {
  it('once reports show that idleAfter has passed since the last demand', () => {
    expect(idleLongEnough({ ...idle, demand: { ...demand, lastDemandAt: 20_001 } })).toBeUndefined();
    expect(idleLongEnough(idle)).toBe(10_000);
  });

  it.each<[string, Partial<IdleCandidate>]>([
    ['it may not', { deployment: deployment(1) }],
    ['nobody can read after how long it may', { deployment: deployment(1, 'soon') }],
    ['it is there already', { deployment: deployment(0, '10s') }],
    ['nothing is known of its demand', { demand: undefined }],
    ['one of its pods is silent', { pods: ['p', 'q'] }],
    ['it is not ready, or the active config does not route to it', { answersSince: undefined }],
  ])('never while %s', (_name, change) => {
    expect(idleLongEnough({ ...idle, ...change })).toBeUndefined();
  });
});
