import { describe, expect, it } from 'vitest';
import { parseQuantity } from '../../apiserver/objects/quantity.ts';
import type { TargetState } from './proposal.ts';
import { combineProposals, proposeReplicas } from './proposal.ts';

const state = (replicas: number, readyPods = replicas): TargetState => ({
  specReplicas: replicas,
  statusReplicas: replicas,
  readyPods,
  tolerance: { up: 100n, down: 100n },
});

const values = (...texts: string[]): bigint[] => texts.map(parseQuantity);

describe('an average value over pods', () => {
  it.each<[string, string, string[], TargetState, number, string]>([
    ['keeps what is exactly on target', '4', ['12'], state(3), 3, '4'],
    ['adds pods where each has too much', '4', ['24'], state(3), 6, '8'],
    ['rounds up', '4', ['17'], state(2), 5, '8500m'],
    ['removes pods where each has too little', '4', ['4'], state(3), 1, '1334m'],
    ['keeps what is 10 % above', '10', ['33'], state(3), 3, '11'],
    ['adds a pod a hair more than 10 % above', '10', ['33001m'], state(3), 4, '11001m'],
    ['keeps what is 10 % below', '10', ['27'], state(3), 3, '9'],
    ['removes a pod where rounding allows it below 10 %', '10', ['19'], state(3), 2, '6334m'],
    ['adds the series of one metric up', '4', ['3', '5'], state(1), 2, '8'],
    ['works with fractions of the target', '2800m', ['2801m', '0'], state(2), 2, '1401m'],
    ['asks for none where there is no demand', '4', ['0'], state(2), 0, '0'],
    ['asks for pods while none is there yet', '4', ['9'], state(0), 3, '0'],
  ])('%s', (...[, target, texts, target_, replicas, current]) => {
    const proposal = proposeReplicas(
      { type: 'AverageValue', target: parseQuantity(target), values: values(...texts) },
      target_,
    );
    expect(proposal).toEqual({ replicas, current: parseQuantity(current) });
  });

  it.each([
    ['up', 30n, 4],
    ['down', 30n, 2],
  ] as const)('has its own tolerance %s', (direction, tolerance, replicas) => {
    const own: TargetState = { ...state(3), tolerance: { up: 500n, down: 500n, [direction]: tolerance } };
    const usage = direction === 'up' ? '31' : '20';
    expect(
      proposeReplicas({ type: 'AverageValue', target: 10_000n, values: values(usage) }, own).replicas,
    ).toBe(replicas);
  });
});

describe('a value as a whole', () => {
  it.each<[string, string, string, TargetState, number]>([
    ['keeps what is on target', '100', '100', state(3), 3],
    ['multiplies by how far it is above', '100', '200', state(3), 6],
    ['divides by how far it is below', '100', '50', state(4), 2],
    ['rounds up', '100', '150', state(3), 5],
    ['keeps what is within 10 %', '100', '109', state(3), 3],
    ['counts only pods that are ready', '100', '200', state(4, 2), 4],
    ['takes the ratio itself at zero', '100', '250', state(0), 3],
  ])('%s', (_name, target, usage, target_, replicas) => {
    const reading = { type: 'Value' as const, target: parseQuantity(target), values: values(usage) };
    expect(proposeReplicas(reading, target_)).toEqual({ replicas, current: parseQuantity(usage) });
  });
});

describe('several metrics', () => {
  const proposal = (replicas: number) => ({ replicas, current: 0n });
  it.each([
    ['take the largest proposal', [proposal(2), proposal(5), proposal(3)], 5],
    ['may grow where one could not be read', [proposal(6), undefined], 6],
    ['do not shrink where one could not be read', [proposal(2), undefined], undefined],
    ['change nothing where none could be read', [undefined, undefined], undefined],
    ['change nothing where there are none', [], undefined],
  ])('%s', (_name, proposals, expected) => {
    expect(combineProposals(proposals, 4)).toBe(expected);
  });
});
