/** Owns the proof of what a workload, the configuration and a pause make of the rules of scaling. */
import { describe, expect, it } from 'vitest';
import { workloadSchema } from '../../crds/schema/workload.ts';
import { pauseOf } from './pause.ts';
import { scalingRulesOf, scalingRulesSchema } from './scaling-rules.ts';

const defaults = {
  concurrencyPerReplica: 4,
  targetUtilization: 0.7,
  stableWindow: 60_000,
  scaleUp: {},
  scaleDown: {},
};
const rulesOf = (workload: object, given: object = {}, pause = pauseOf(undefined)) =>
  scalingRulesOf(workloadSchema.parse(workload), { ...defaults, ...given }, pause);

describe('the rules of scaling', () => {
  it.each([
    ['are those of the configuration', {}, { min: 1, max: 1, targetMilli: 2800, windowMs: 60_000 }],
    [
      'take the concurrency of a replica from the workload, in the bounds too',
      { size: 'Large', scaling: { concurrencyPerReplica: 16 } },
      { min: 1, max: 4, targetMilli: 11_200 },
    ],
    [
      'take the utilisation from the workload',
      { scaling: { targetUtilizationPercentage: 100 } },
      { targetMilli: 4000 },
    ],
    ['take the window from the workload', { scaling: { windowSeconds: 6 } }, { windowMs: 6_000 }],
    [
      'take each field of a direction for itself',
      { scaling: { scaleDown: { stabilizationWindowSeconds: 0 } } },
      {
        scaleDown: {
          stabilizationWindowSeconds: 0,
          policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
        },
      },
    ],
  ])('%s', (_name, workload, expected) => {
    expect(rulesOf(workload)).toMatchObject(expected);
  });

  it('can be written down and read again', () => {
    const rules = rulesOf({ size: 'Medium' });
    expect(scalingRulesSchema.parse(JSON.parse(JSON.stringify(rules)))).toEqual(rules);
  });

  it('are held still by a pause, and not by a word that nobody knows', () => {
    const annotations = { 'serving.fairlead.dev/autoscaling': 'paused' };
    expect(rulesOf({}, {}, pauseOf(annotations))).toMatchObject({
      scaleUp: { selectPolicy: 'Disabled' },
      scaleDown: { selectPolicy: 'Disabled' },
    });
    expect(pauseOf({ 'serving.fairlead.dev/autoscaling': 'pause' })).toEqual({
      scaleIn: false,
      scaleOut: false,
      unknown: 'pause',
    });
  });
});
