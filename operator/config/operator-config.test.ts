import { describe, expect, it } from 'vitest';
import { workloadTypes } from '../../crds/schema/workload.ts';
import { loadConfig } from '../../platform/config.ts';
import { gpusOf } from './workload-types.ts';
import { demandUrlOf, operatorConfigSchema } from './operator-config.ts';
import { aConfig } from '../operator-fixture.ts';

describe('the configuration', () => {
  it('needs the pod alone, and knows every workload type', () => {
    const config = loadConfig(operatorConfigSchema, {
      argv: ['--mlflow-tracking-uri', 'http://mlflow:5000'],
      env: { FAIRLEAD_POD_NAME: 'operator-1', FAIRLEAD_POD_IP: '10.0.0.1' },
    });
    expect(config).toMatchObject({ podName: 'operator-1', mlflowTrackingUri: 'http://mlflow:5000' });
    expect(Object.keys(config.workloadTypes).sort()).toEqual([...workloadTypes].sort());
    expect(config.scaling).toMatchObject({
      concurrencyPerReplica: 4,
      targetUtilization: 0.7,
      stableWindow: 60_000,
    });
  });

  it('replaces a workload type and leaves the others', () => {
    const { workloadTypes: types } = aConfig({
      workloadTypes: { GPU_SMALL: { resources: {}, nodeSelector: { gpu: 't4' } } },
    });
    expect(types.GPU_SMALL).toMatchObject({ nodeSelector: { gpu: 't4' }, tolerations: [] });
    expect(types['GPU_LARGE']?.resources.limits).toMatchObject({ 'nvidia.com/gpu': '1' });
  });

  it('knows the workload types that it is given beside its own', () => {
    const { workloadTypes: types } = aConfig({
      workloadTypes: { TPU_V5: { resources: {}, template: { spec: { runtimeClassName: 'tpu' } } } },
    });
    expect(types['TPU_V5']).toMatchObject({ template: { spec: { runtimeClassName: 'tpu' } } });
    expect(types).toHaveProperty('CPU');
    expect(() => aConfig({ workloadTypes: { tpu: { resources: {} } } })).toThrow();
  });

  it.each([
    ['none', {}, 1],
    ['those of NVIDIA', { 'nvidia.com/gpu': '8', memory: '1Gi' }, 8],
    ['those of others', { 'amd.com/gpu': '2' }, 2],
  ])('counts the GPUs of a type: %s', (_name, limits, count) => {
    expect(gpusOf({ resources: { requests: {}, limits } })).toBe(count);
  });

  it.each([
    ['an authority that ends before its successor signs', { authorityValidity: '3h', propagation: '1h' }],
    ['certificates that are never new enough', { validity: '0s' }],
  ])('refuses %s', (_name, certificates) => {
    expect(() => aConfig({ certificates })).toThrow(/must be/);
  });

  it.each([
    ['a leader that goes on when others have stopped respecting it', { leaseDuration: '10s' }],
    ['a leader that cannot fail to renew once', { retryPeriod: '10s' }],
  ])('refuses %s', (_name, leaderElection) => {
    expect(() => aConfig({ leaderElection })).toThrow(/must be shorter/);
  });

  it('sends reports to the Service of the operator unless told otherwise', () => {
    expect(demandUrlOf(aConfig())).toBe('https://fairlead-operator.fairlead-system.svc:8444/v1/demand');
    expect(demandUrlOf(aConfig({ demandUrl: 'https://127.0.0.9:8444/v1/demand' }))).toContain('127.0.0.9');
  });
});
