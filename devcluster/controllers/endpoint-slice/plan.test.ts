import { describe, expect, it } from 'vitest';
import { aPod, testEpoch } from '../objects/object-builders.ts';
import type { Pod, Service } from '../objects/kinds.ts';
import { timestamp } from '../objects/kinds.ts';
import { makeEndpointSlices } from './plan.ts';

const service = (spec: Partial<Service['spec']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'web',
    namespace: 'default',
    uid: 'svc',
    resourceVersion: '1',
    creationTimestamp: timestamp(testEpoch),
    labels: { team: 'a' },
  },
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
});

const ready = (name: string, more: Parameters<typeof aPod>[1] = {}): Pod =>
  aPod(name, { podIP: `127.66.0.${name.length}`, readySince: testEpoch, ...more });
const deleting = { metadata: { deletionTimestamp: timestamp(testEpoch), labels: { app: 'web' } } };

function conditions(pod: Pod, spec: Partial<Service['spec']> = {}) {
  return makeEndpointSlices(service(spec), [pod])[0]?.endpoints?.map((endpoint) => endpoint.conditions);
}

describe('the endpoints of a Service', () => {
  it.each([
    ['a ready pod', ready('a'), { ready: true, serving: true, terminating: false }],
    [
      'a pod that is not ready',
      aPod('a', { podIP: '127.66.0.1' }),
      { ready: false, serving: false, terminating: false },
    ],
    [
      'a pod that ends but still serves',
      ready('a', deleting),
      { ready: false, serving: true, terminating: true },
    ],
  ])('tell of %s', (_name, pod, expected) => {
    expect(conditions(pod)).toEqual([expected]);
  });

  it('are ready before they are, where the Service publishes such addresses', () => {
    const pod = aPod('a', { podIP: '127.66.0.1' });
    expect(conditions(pod, { publishNotReadyAddresses: true })?.[0]).toMatchObject({
      ready: true,
      serving: false,
    });
  });

  it.each([
    ['without an address', aPod('a')],
    ['that have ended', ready('a', { phase: 'Succeeded' })],
  ])('leave out pods %s', (_name, pod) => {
    expect(conditions(pod)).toEqual([]);
  });

  it('name the pod and its node', () => {
    expect(makeEndpointSlices(service(), [ready('a')])[0]?.endpoints?.[0]).toMatchObject({
      addresses: ['127.66.0.1'],
      nodeName: 'fairlead-node',
      targetRef: { kind: 'Pod', name: 'a', namespace: 'default', uid: 'uid-a' },
    });
  });
});

describe('the slices of a Service', () => {
  it('carry the labels and the owner by which they are found', () => {
    const [slice] = makeEndpointSlices(service({ clusterIP: 'None' }), []);
    expect(slice?.metadata).toMatchObject({
      namespace: 'default',
      labels: {
        team: 'a',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'service.kubernetes.io/headless': '',
      },
      ownerReferences: [{ kind: 'Service', name: 'web', controller: true }],
    });
  });

  it('keep their name when the first pod comes', () => {
    const [empty] = makeEndpointSlices(service(), []);
    const [filled] = makeEndpointSlices(service(), [ready('a')]);
    expect(filled?.metadata?.name).toBe(empty?.metadata?.name);
  });

  it('resolve named ports by each pod, in sidecars too, and part where they differ', () => {
    const port = (number: number) => [{ name: 'web', containerPort: number }];
    const pods = [
      ready('a', { spec: { containers: [{ name: 'c', ports: port(8080) }] } }),
      ready('bb', {
        spec: {
          containers: [{ name: 'c' }],
          initContainers: [{ name: 's', restartPolicy: 'Always', ports: port(9090) }],
        },
      }),
      ready('ccc', { spec: { containers: [{ name: 'c' }] } }),
    ];
    const named = service({ ports: [{ name: 'http', port: 80, targetPort: 'web' }] });
    const slices = makeEndpointSlices(named, pods).map(({ ports, endpoints }) => [
      ports?.[0]?.port,
      endpoints?.length,
    ]);
    expect(slices).toEqual([
      [8080, 1],
      [9090, 1],
      [undefined, 1],
    ]);
  });

  it('hold a hundred endpoints each', () => {
    const pods = Array.from({ length: 150 }, (_, index) => ready(`pod-${String(index).padStart(3, '0')}`));
    const slices = makeEndpointSlices(service(), pods);
    expect(slices.map(({ endpoints }) => endpoints?.length)).toEqual([100, 50]);
    expect(new Set(slices.map(({ metadata }) => metadata?.name)).size).toBe(2);
  });
});
