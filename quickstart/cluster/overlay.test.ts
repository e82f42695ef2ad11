/** Owns the tests of how manifests are adapted to the embedded cluster. */
import { expect, it } from 'vitest';
import type { ConfigMap, Deployment } from '../../kube/kinds.ts';
import { adaptManifests } from './overlay.ts';

const surroundings = {
  operatorIp: '127.96.0.7',
  gatewayIp: '127.96.0.8',
  apiIp: '127.96.0.9',
  trackingUri: 'sqlite:////x/mlflow.db',
  publicUrl: 'http://127.0.0.1:8080',
};
const onMachine = { ...surroundings, machine: { port: 8080, adminPort: 18080, directPort: 18081 } };

const deployment = (name: string): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 2,
    selector: {},
    template: {
      spec: {
        containers: [
          {
            name: 'main',
            env: [
              { name: 'POD_NAME', value: 'x' },
              { name: 'FAIRLEAD_PORT', value: '1' },
            ],
            ports: [
              { name: 'http', containerPort: 80 },
              { name: 'other', containerPort: 7 },
            ],
          },
        ],
      },
    },
  },
});

it('gives the gateway the machine’s address, its ports and the operator’s address', () => {
  const [adapted] = adaptManifests([deployment('fairlead-gateway')], onMachine) as Deployment[];
  const pod = adapted?.spec?.template.spec;
  expect(adapted?.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  expect(pod?.hostNetwork).toBe(true);
  expect(pod?.containers[0]?.env).toEqual([
    { name: 'POD_NAME', value: 'x' },
    { name: 'FAIRLEAD_SERVICE_ACCOUNT_DIR', value: '/var/run/secrets/kubernetes.io/serviceaccount' },
    { name: 'FAIRLEAD_TLS_DIR', value: '/etc/fairlead/tls' },
    { name: 'FAIRLEAD_FRONT_TLS_DIR', value: '/etc/fairlead/front-tls' },
    { name: 'FAIRLEAD_DIRECT_TLS_DIR', value: '/etc/fairlead/direct-tls' },
    { name: 'FAIRLEAD_DATA_PLANE_KEYS_FILE', value: '/etc/fairlead/data-plane-keys/jwks.json' },
    { name: 'FAIRLEAD_DEMAND_URL', value: 'https://127.96.0.7:8444/v1/demand' },
    { name: 'FAIRLEAD_API_URL', value: 'https://127.96.0.9:8443' },
    { name: 'FAIRLEAD_HOST', value: '127.0.0.1' },
    { name: 'FAIRLEAD_PORT', value: '8080' },
    { name: 'FAIRLEAD_ADMIN_PORT', value: '18080' },
    { name: 'FAIRLEAD_DIRECT_PORT', value: '18081' },
    { name: 'FAIRLEAD_TLS', value: 'false' },
    { name: 'FAIRLEAD_DRAIN_MS', value: '0' },
  ]);
  expect(pod?.containers[0]?.ports?.map(({ containerPort }) => containerPort)).toEqual([8080, 7]);
});

it('tells the api where users reach it, in its file, and where its files are', () => {
  const configMap: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'fairlead-api' },
    data: { 'config.yaml': 'logLevel: debug' },
  };
  const [config, adapted] = adaptManifests([configMap, deployment('fairlead-api')], onMachine) as [
    ConfigMap,
    Deployment,
  ];
  expect(JSON.parse(config.data?.['config.yaml'] ?? '')).toEqual({
    logLevel: 'debug',
    publicUrl: 'http://127.0.0.1:8080',
  });
  expect(adapted.spec?.replicas).toBe(1);
  const env = adapted.spec?.template.spec?.containers[0]?.env;
  expect(env).toContainEqual({ name: 'FAIRLEAD_KEYS_DIR', value: '/etc/fairlead/data-plane-keys' });
});

it('leaves gateways that are pods like others their number, their ports and their roll-out', () => {
  const original = deployment('fairlead-gateway');
  const [adapted] = adaptManifests([original], surroundings) as Deployment[];
  const withoutVariables = (what?: Deployment): unknown =>
    JSON.parse(JSON.stringify(what, (name, value: unknown) => (name === 'env' ? undefined : value)));
  expect(withoutVariables(adapted)).toEqual(withoutVariables(original));
  expect(adapted?.spec?.template.spec?.containers[0]?.env).toContainEqual({
    name: 'FAIRLEAD_DEMAND_URL',
    value: 'https://127.96.0.7:8444/v1/demand',
  });
});

it('tells the operator the registry and the URLs by its file, and makes it start anew when they change', () => {
  const installed: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'fairlead-operator' },
    data: { 'config.yaml': 'sidecarImage: fairlead:dev\npublicUrl: http://a.service\n' },
  };
  const adapt = (publicUrl: string) =>
    adaptManifests([installed, deployment('fairlead-operator')], { ...surroundings, publicUrl });
  const [configMap, adapted] = adapt('http://127.0.0.1:8080') as [ConfigMap, Deployment];
  expect(JSON.parse(configMap.data?.['config.yaml'] ?? '')).toEqual({
    sidecarImage: 'fairlead:dev',
    demandUrl: 'https://127.96.0.7:8444/v1/demand',
    mlflowTrackingUri: 'sqlite:////x/mlflow.db',
    publicUrl: 'http://127.0.0.1:8080',
    routeOptimized: {
      gatewayUrl: 'https://127.96.0.8:8444',
      port: 8443,
      switchDelay: '2s',
      mountDelay: '5s',
    },
  });
  const [, again] = adapt('http://127.0.0.1:8080') as [ConfigMap, Deployment];
  const [, elsewhere] = adapt('http://127.0.0.1:9090') as [ConfigMap, Deployment];
  expect(again).toEqual(adapted);
  expect(elsewhere).not.toEqual(adapted);
});

it('leaves everything else as it is', () => {
  const others = [deployment('another'), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } }];
  expect(adaptManifests(others, surroundings)).toEqual(others);
});

it('refuses a Deployment without a pod template', () => {
  const broken = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'fairlead-gateway' } };
  expect(() => adaptManifests([broken], surroundings)).toThrow(
    /fairlead-gateway of config\/ has no pod template/,
  );
});
