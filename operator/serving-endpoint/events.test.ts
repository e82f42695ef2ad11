import { describe, expect, it } from 'vitest';
import type { Condition } from '../../crds/schema/condition.ts';
import type { ServingEndpointStatus } from '../../crds/schema/serving-endpoint.ts';
import { eventsOf } from './events.ts';

const since = '2026-01-01T00:00:00Z';
const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: `${reason} happened`,
  lastTransitionTime: since,
});
const pending: ServingEndpointStatus = {
  pending: { configVersion: 1, since },
  conditions: [condition('Ready', 'False', 'Deploying'), condition('ConfigUpdate', 'Unknown', 'InProgress')],
};
const active: ServingEndpointStatus = {
  active: { configVersion: 1, since },
  conditions: [condition('Ready', 'True', 'Serving'), condition('ConfigUpdate', 'True', 'UpToDate')],
};
const failedUpdate: ServingEndpointStatus = {
  ...active,
  pending: { configVersion: 2, since },
  conditions: [condition('Ready', 'True', 'Serving'), condition('ConfigUpdate', 'False', 'UpdateFailed')],
};
const broken: ServingEndpointStatus = {
  ...active,
  conditions: [condition('Ready', 'False', 'CrashLoop'), condition('ConfigUpdate', 'True', 'UpToDate')],
};

const updating: ServingEndpointStatus = { ...active, pending: { configVersion: 2, since } };
const serving: ServingEndpointStatus = {
  ...active,
  traffic: [{ servedEntity: 'iris-1', percent: 100, deployment: 'd', configVersion: 1 }],
};
const stopped: ServingEndpointStatus = { ...active, suspended: { since } };
const row = (state: 'Ready' | 'ScaledToZero') => ({
  name: 'iris-1',
  configVersion: 1,
  state,
  deployment: 'd',
});

describe('events', () => {
  it.each<[string, ServingEndpointStatus | undefined, ServingEndpointStatus, string[]]>([
    ['tell a version that is brought up', undefined, pending, ['Normal ConfigVersionPending']],
    ['tell a version that becomes active', pending, active, ['Normal ConfigVersionActive']],
    [
      'tell an update that failed',
      active,
      failedUpdate,
      ['Normal ConfigVersionPending', 'Warning UpdateFailed'],
    ],
    ['tell an endpoint that breaks, with its cause', active, broken, ['Warning CrashLoop']],
    ['do not repeat a failure that is known', failedUpdate, failedUpdate, []],
    ['tell nothing when all is well again', broken, active, []],
    [
      'tell an update that was given up, and not that it is superseded as well',
      updating,
      {
        ...failedUpdate,
        pending: undefined,
        failed: { configVersion: 2, since, reason: 'ModelNotFound', message: 'gone' },
      },
      ['Warning UpdateFailed'],
    ],
    [
      'tell a version that another one supersedes',
      updating,
      { ...active, pending: { configVersion: 3, since } },
      ['Normal ConfigVersionSuperseded', 'Normal ConfigVersionPending'],
    ],
    ['tell a version that is taken back', updating, active, ['Normal ConfigVersionSuperseded']],
    [
      'tell a version that was cancelled',
      updating,
      { ...active, conditions: [condition('ConfigUpdate', 'True', 'UpdateCanceled')] },
      ['Normal UpdateCanceled'],
    ],
    [
      'tell a version that was cancelled and may not be taken out of the spec',
      updating,
      { ...active, conditions: [condition('ConfigUpdate', 'False', 'CancelRefused')] },
      ['Normal UpdateCanceled', 'Warning CancelRefused'],
    ],
    ['tell an endpoint that is stopped', serving, stopped, ['Normal Suspended']],
    [
      'tell an endpoint that is started',
      stopped,
      { ...active, pending: { configVersion: 1, since } },
      ['Normal Resuming', 'Normal ConfigVersionPending'],
    ],
    [
      'tell an endpoint that serves again',
      { ...active, pending: { configVersion: 1, since } },
      serving,
      ['Normal Resumed'],
    ],
    [
      'tell an entity that was woken',
      { ...serving, servedEntities: [row('ScaledToZero')] },
      { ...serving, servedEntities: [row('Ready')] },
      ['Normal Woken'],
    ],
    [
      'tell no waking while it lasts',
      { ...serving, servedEntities: [row('ScaledToZero')] },
      { ...serving, servedEntities: [row('ScaledToZero')] },
      [],
    ],
  ])('%s', (_name, before, after, expected) => {
    expect(eventsOf(before, after).map(({ type, reason }) => `${type} ${reason}`)).toEqual(expected);
  });

  it('carry the words of the condition', () => {
    expect(eventsOf(active, broken)[0]?.note).toBe('CrashLoop happened');
  });
});
