import { beforeEach, expect, it } from 'vitest';
import { annotations } from '../crds/schema/api.ts';
import type { ServingEndpoint } from '../crds/schema/serving-endpoint.ts';
import type { APIService, Secret } from '../kube/kinds.ts';
import { anEndpoint } from '../test/support/an-endpoint.ts';
import { aConfig } from './operator-fixture.ts';
import { anInformer } from './route-optimised/store-fixture.ts';
import type { FilledInformer } from './route-optimised/store-fixture.ts';
import { onStaleFoundations } from './stale-foundations.ts';

const endpoint = (namespace: string, routeOptimized: boolean): ServingEndpoint =>
  anEndpoint('wine')
    .inNamespace(namespace)
    .servingModel('models:/wine/1')
    .withSpec({ routeOptimized })
    .build();
const keys = (asked: string): Secret => ({
  metadata: {
    name: 'fairlead-data-plane-keys',
    namespace: 'fairlead-system',
    annotations: { [annotations.rotate]: asked, [annotations.rotated]: 'one' },
  },
});
const api = (name: string): APIService =>
  ({
    metadata: { name: 'v1beta1.external.metrics.k8s.io' },
    spec: { service: { name, namespace: 'fairlead-system' } },
  }) as APIService;

let informers: {
  readonly apiServices: FilledInformer<APIService>;
  readonly secrets: FilledInformer<Secret>;
  readonly endpoints: FilledInformer<ServingEndpoint>;
};
let lack: () => void;
let calls: number;
let end: () => void;
beforeEach(() => {
  informers = { apiServices: anInformer(), secrets: anInformer(), endpoints: anInformer() };
  calls = 0;
  end = onStaleFoundations(
    {
      config: aConfig(),
      informers,
      webhookTrust: {
        onLack: (listener) => {
          lack = listener;
          return () => undefined;
        },
      },
    },
    () => ({ scalingMode: { metricsApi: 'ours', nativeZero: 'off' }, directNamespaces: ['one'] }),
    () => (calls += 1),
  );
});

it.each<[string, () => void]>([
  ['the metrics API comes into other hands', () => informers.apiServices.fill(api('keda'))],
  ['a webhook lacks our authority', () => lack()],
  ['somebody asks for a rotation', () => informers.secrets.fill(keys('two'))],
  [
    'a namespace gets its first route-optimised endpoint',
    () => informers.endpoints.fill(endpoint('two', true)),
  ],
])('the leader looks at once when %s', (_name, happens) => {
  happens();
  expect(calls).toBe(1);
});

it.each<[string, () => void]>([
  ['the metrics API is ours', () => informers.apiServices.fill(api('fairlead-operator'))],
  ['a rotation has been begun', () => informers.secrets.fill(keys('one'))],
  ['gateways have a certificate for the namespace', () => informers.endpoints.fill(endpoint('one', true))],
  ['callers come to gateways alone', () => informers.endpoints.fill(endpoint('two', false))],
])('it does not when %s', (_name, happens) => {
  happens();
  expect(calls).toBe(0);
});

it('it does not for an endpoint that is gone, nor when it no longer leads', () => {
  informers.endpoints.fill(endpoint('two', true));
  informers.endpoints.fill();
  expect(calls).toBe(1);
  end();
  informers.endpoints.fill(endpoint('two', true));
  expect(calls).toBe(1);
});
