/** Owns the proof that the operator's own scaling is the HPA's: by examples, by properties, and against another formulation. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as hpa from '../../devcluster/controllers/hpa/behavior.ts';
import { proposeReplicas } from '../../devcluster/controllers/hpa/proposal.ts';
import { decideReplicas } from './decide-replicas.ts';
import type { ScalingInput, ScalingMemory } from './decide-replicas.ts';
import type { ScalingDirection, ScalingRules } from './scaling-rules.ts';

const atOnce: ScalingDirection = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
const slowly: ScalingDirection = {
  stabilizationWindowSeconds: 300,
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};
const rules: ScalingRules = {
  min: 1,
  max: 16,
  targetMilli: 2800,
  windowMs: 60_000,
  scaleUp: atOnce,
  scaleDown: slowly,
};
const now = 1_000_000;
const calm: ScalingMemory = { recommendations: [], changes: [] };
const input = (given: Partial<ScalingInput>): ScalingInput => ({
  rules,
  current: 2,
  running: given.current ?? 2,
  concurrencyMilli: 5600,
  memory: calm,
  now,
  ...given,
});
const replicasFor = (given: Partial<ScalingInput>): number => decideReplicas(input(given)).replicas;
const disabled = (direction: 'scaleUp' | 'scaleDown'): ScalingRules => ({
  ...rules,
  [direction]: { ...rules[direction], selectPolicy: 'Disabled' },
});

describe('the replicas that demand asks for', () => {
  it.each<[name: string, given: Partial<ScalingInput>, expected: number]>([
    ['are what divides the demand to the target', { concurrencyMilli: 11_200 }, 4],
    ['are rounded up', { concurrencyMilli: 11_201 }, 5],
    ['stay within a tenth above the target', { concurrencyMilli: 6160 }, 2],
    ['stay within a tenth below the target', { concurrencyMilli: 5040 }, 2],
    ['grow by four or to the double within 15 seconds', { concurrencyMilli: 99_999 }, 6],
    ['never grow beyond the most', { current: 15, concurrencyMilli: 999_999 }, 16],
    ['come back into bounds whatever the demand', { current: 40, concurrencyMilli: 999_999 }, 16],
    ['shrink at once where nothing holds them', { current: 8, concurrencyMilli: 2800 }, 1],
    ['never shrink below the least', { rules: { ...rules, min: 2 }, current: 8, concurrencyMilli: 0 }, 2],
    ['do not change while the demand is not known', { current: 8, concurrencyMilli: undefined }, 8],
    [
      'come into bounds even while the demand is not known',
      { current: 1, rules: { ...rules, min: 2 }, concurrencyMilli: undefined },
      2,
    ],
    ['do not grow where that is disabled', { rules: disabled('scaleUp'), concurrencyMilli: 99_999 }, 2],
    [
      'do not shrink where that is disabled',
      { rules: disabled('scaleDown'), current: 8, concurrencyMilli: 0 },
      8,
    ],
    [
      'do not shrink on the first look, as after a change of the leader',
      { memory: undefined, current: 8, concurrencyMilli: 0 },
      8,
    ],
    ['grow on the first look', { memory: undefined, concurrencyMilli: 11_200 }, 4],
  ])('%s', (_name, given, expected) => {
    expect(replicasFor(given)).toBe(expected);
  });

  it('shrink once the whole window has asked for fewer', () => {
    let memory: ScalingMemory | undefined;
    const seen = new Map<number, number>();
    for (let second = 0; second <= 315; second += 15) {
      const decision = decideReplicas(
        input({ memory, current: 8, concurrencyMilli: 0, now: now + second * 1000 }),
      );
      memory = decision.memory;
      seen.set(second, decision.replicas);
    }
    expect([seen.get(0), seen.get(285), seen.get(300)]).toEqual([8, 8, 1]);
  });

  it('remember no more than the windows reach back', () => {
    let memory: ScalingMemory | undefined;
    for (let second = 0; second <= 3_600; second += 1) {
      memory = decideReplicas(input({ memory, now: now + second * 1000 })).memory;
    }
    expect(memory?.recommendations).toHaveLength(300);
  });
});

const direction = fc.record<ScalingDirection>({
  stabilizationWindowSeconds: fc.integer({ min: 0, max: 60 }),
  selectPolicy: fc.constantFrom('Max', 'Min', 'Disabled'),
  policies: fc.array(
    fc.record({
      type: fc.constantFrom('Pods' as const, 'Percent' as const),
      value: fc.integer({ min: 1, max: 100 }),
      periodSeconds: fc.integer({ min: 1, max: 60 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});
const someRules = fc
  .record({
    min: fc.integer({ min: 1, max: 5 }),
    more: fc.integer({ min: 0, max: 20 }),
    targetMilli: fc.integer({ min: 1, max: 8_000 }),
    scaleUp: direction,
    scaleDown: direction,
  })
  .map(({ more, ...rest }): ScalingRules => ({ ...rest, windowMs: 60_000, max: rest.min + more }));
const steps = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 1, max: 40_000 }),
    concurrencyMilli: fc.option(fc.integer({ min: 0, max: 120_000 }), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 25 },
);

/** One look as the HPA of the embedded cluster has it, on exact fractions and a history that is its own. */
function lookOfHpa(
  given: ScalingInput,
  history: hpa.ScalingHistory,
): { replicas: number; history: hpa.ScalingHistory } {
  const { rules: asked, current, running, concurrencyMilli, now: at } = given;
  const { min, max } = asked;
  if (current > max || current < min) {
    const replicas = current > max ? max : min;
    return { replicas, history: hpa.withChange(history, current, replicas, at) };
  }
  if (concurrencyMilli === undefined) return { replicas: current, history };
  const proposal = proposeReplicas(
    { type: 'AverageValue', target: BigInt(asked.targetMilli), values: [BigInt(concurrencyMilli)] },
    {
      specReplicas: current,
      statusReplicas: running,
      readyPods: running,
      tolerance: { up: 100n, down: 100n },
    },
  );
  const decision = hpa.decideReplicas(proposal.replicas, asked, history, { current, min, max, now: at });
  return {
    replicas: decision.replicas,
    history: hpa.withChange(decision.history, current, decision.replicas, at),
  };
}

describe('scaling by the operator, for any rules and any demand', () => {
  it('is the scaling of the HPA, look after look', () => {
    fc.assert(
      fc.property(someRules, fc.nat(120_000), steps, (asked, firstMilli, looks) => {
        let current = asked.min;
        let memory: ScalingMemory | undefined;
        let history = hpa.noHistory;
        let at = now;
        for (const { afterMs, concurrencyMilli } of [
          { afterMs: 0, concurrencyMilli: firstMilli },
          ...looks,
        ]) {
          at += afterMs;
          const look = { rules: asked, concurrencyMilli, now: at, memory, current, running: current };
          const mine = decideReplicas(look);
          const theirs = lookOfHpa(look, history);
          expect(mine.replicas).toBe(theirs.replicas);
          ({ replicas: current, memory } = mine);
          ({ history } = theirs);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keeps to the bounds, and changes nothing without a metric', () => {
    fc.assert(
      fc.property(someRules, steps, (asked, looks) => {
        let current = asked.min;
        let memory: ScalingMemory | undefined;
        let at = now;
        for (const { afterMs, concurrencyMilli } of looks) {
          at += afterMs;
          const decision = decideReplicas({
            rules: asked,
            concurrencyMilli,
            now: at,
            memory,
            current,
            running: current,
          });
          expect(decision.replicas).toBeGreaterThanOrEqual(asked.min);
          expect(decision.replicas).toBeLessThanOrEqual(asked.max);
          if (concurrencyMilli === undefined) expect(decision.replicas).toBe(current);
          ({ replicas: current, memory } = decision);
        }
      }),
    );
  });
});
