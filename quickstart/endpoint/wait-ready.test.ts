/** Owns the tests of how far an endpoint is. */
import { expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { progressionOf } from './wait-ready.ts';

const since = '2026-11-23T10:00:00Z';

interface Row {
  readonly observed: number;
  readonly pending?: boolean;
  readonly conditions?: Record<string, ['True' | 'False', string]>;
}

/** Builds the endpoint of a row; its generation is 2. */
function endpointOf({ observed, pending = false, conditions = {} }: Row): ServingEndpoint {
  const status = {
    observedGeneration: observed,
    ...(pending ? { pending: { configVersion: 2, since } } : {}),
    conditions: Object.entries(conditions).map(([type, [value, message]]) => ({
      type,
      status: value,
      reason: 'Reason',
      message,
      lastTransitionTime: since,
    })),
  };
  return { metadata: { name: 'iris', generation: 2 }, status } as unknown as ServingEndpoint;
}

it.each<[string, Row, ReturnType<typeof progressionOf>]>([
  [
    'waits for the operator to see the newest spec',
    { observed: 1, conditions: { Ready: ['True', ''] } },
    { state: 'waiting', why: 'the operator has not seen it yet' },
  ],
  ['waits without a condition', { observed: 2 }, { state: 'waiting', why: 'no condition is set yet' }],
  [
    'waits while the model loads, and says so',
    {
      observed: 2,
      pending: true,
      conditions: { Ready: ['False', 'nothing serves'], ConfigUpdate: ['False', 'loading the model'] },
    },
    { state: 'waiting', why: 'loading the model' },
  ],
  [
    'is not content with the old config version',
    { observed: 2, pending: true, conditions: { Ready: ['True', ''], ConfigUpdate: ['False', 'loading'] } },
    { state: 'waiting', why: 'loading' },
  ],
  ['is ready', { observed: 2, conditions: { Ready: ['True', ''] } }, { state: 'ready' }],
  [
    'gives up when only a change can help, with the cause',
    { observed: 2, conditions: { Ready: ['False', 'no such model'], Stalled: ['True', 'stalled'] } },
    { state: 'failed', why: 'no such model' },
  ],
])('%s', (_name, row, expected) => {
  expect(progressionOf(endpointOf(row))).toEqual(expected);
});
