import { describe, expect, it } from 'vitest';
import type { NodeFacts } from './node-object.ts';
import { machineCapacity, makeNodeStatus } from './node-object.ts';

const now = Date.UTC(2026, 0, 1, 0, 10);
const facts: NodeFacts = {
  name: 'far',
  address: '10.244.0.1',
  kubeletPort: 10_250,
  capacity: { cpu: '64', memory: '256Gi', pods: '110' },
  problem: undefined,
};
const ready = (status: string) => ({
  type: 'Ready',
  status,
  reason: 'said by somebody else',
  lastHeartbeatTime: '2026-01-01T00:00:00Z',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

describe('the status of a node', () => {
  it('tells where it is reached and what it gives', () => {
    expect(makeNodeStatus(facts, now)).toMatchObject({
      capacity: facts.capacity,
      allocatable: facts.capacity,
      addresses: [{ type: 'InternalIP', address: '10.244.0.1' }, { type: 'Hostname' }],
      daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
    });
    expect(Number(machineCapacity()['cpu'])).toBeGreaterThan(0);
  });

  it('keeps the resources and conditions that others gave it', () => {
    const gpu = { 'nvidia.com/gpu': '2' };
    const foreign = { type: 'GpuHealthy', status: 'True' };
    const made = makeNodeStatus(facts, now, { capacity: gpu, allocatable: gpu, conditions: [foreign] });
    expect(made.capacity).toEqual({ ...facts.capacity, ...gpu });
    expect(made.allocatable).toEqual({ ...facts.capacity, ...gpu });
    expect(made.conditions).toContainEqual(foreign);
  });

  it.each([
    ['since it became so', 'True', '2026-01-01T00:00:00Z'],
    ['from now on, where somebody has doubted it', 'Unknown', '2026-01-01T00:10:00Z'],
  ])('is ready %s', (_name, before, since) => {
    const made = makeNodeStatus(facts, now, { conditions: [ready(before)] });
    expect(made.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'True',
      reason: 'KubeletReady',
      lastHeartbeatTime: '2026-01-01T00:10:00Z',
      lastTransitionTime: since,
    });
  });

  it('says why pods cannot have addresses', () => {
    const made = makeNodeStatus({ ...facts, problem: 'no route' }, now);
    expect(made.conditions?.find(({ type }) => type === 'NetworkUnavailable')).toMatchObject({
      status: 'True',
      reason: 'NoLocalAddresses',
      message: 'no route',
    });
  });
});
