import { describe, expect, it } from 'vitest';
import { aConfig, aRuntime } from '../operator-fixture.ts';
import { checkRuntime } from './check-runtime.ts';

const check = (spec: Record<string, unknown> = {}) =>
  checkRuntime(aRuntime('r', spec), aConfig(), 'fairlead-system');

describe('checkRuntime', () => {
  it('makes a Deployment for a sample model of what is right', () => {
    const { problems, sample } = check();
    expect(problems).toEqual([]);
    expect(sample).toMatchObject({ metadata: { namespace: 'fairlead-system' } });
    expect(sample!.spec!.template.spec!.containers[0]).toMatchObject({ image: 'runtime:1' });
  });

  it('takes hardware that the runtime runs on', () => {
    const { sample } = check({ workloadTypes: ['GPU_LARGE_2'] });
    expect(sample!.spec!.template.spec!.containers[0]!.resources!.limits).toMatchObject({
      'nvidia.com/gpu': '2',
    });
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'a placeholder of the container that does not exist',
      { container: { name: 'm', image: 'i', args: ['{{model.name}}'] } },
      /\{\{model.name\}\}, which does not exist/,
    ],
    [
      'a placeholder of a path that does not exist',
      { modelServer: { healthPath: '/{{x}}' } },
      /\{\{x\}\}, which does not exist/,
    ],
    [
      'the port of the sidecar',
      { modelServer: { port: 8443 } },
      /modelServer.port 8443 belongs to the sidecar/,
    ],
    [
      'the port of the probes',
      { modelServer: { metrics: { port: 9090 } } },
      /modelServer.metrics.port 9090 belongs to the sidecar/,
    ],
    [
      'the port of the sidecar, for gRPC',
      { modelServer: { grpcPort: 8443 } },
      /modelServer.grpcPort 8443 belongs to the sidecar/,
    ],
    ['a workload type that nobody knows', { workloadTypes: ['CPU', 'GPU_HUGE'] }, /names GPU_HUGE, which/],
    [
      'a template without the sidecar',
      { template: { spec: { initContainers: [{ name: 'sidecar', $patch: 'delete' }] } } },
      /removes the container "sidecar"/,
    ],
  ])('names %s', (_name, spec, problem) => {
    expect(check(spec).problems).toEqual([expect.stringMatching(problem)]);
  });

  it('names everything that is wrong at once', () => {
    expect(
      check({ workloadTypes: ['X'], modelServer: { port: 9090, healthPath: '/{{y}}' } }).problems,
    ).toHaveLength(3);
  });
});
