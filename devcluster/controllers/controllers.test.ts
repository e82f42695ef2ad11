/**
 * Owns the proof that the controllers work together on a running cluster: Deployments roll, Services find pods, the
 * autoscaler follows a metric. Longer than 300 lines: one cluster, started once, serves every case.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueCertificate, makeAuthority } from '../../platform/tls/authority.ts';
import { TestCluster, eventually, sh, untilTerm } from '../node-agent/test-cluster.ts';
import type { Autoscaler, Deployment, EndpointSlice, Pod, ReplicaSet, Service } from './objects/kinds.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(async () => {
  await cluster.destroy();
});

const deployments = () => cluster.client.resource<Deployment>('apps/v1', 'Deployment');
const deployment = (name: string) => deployments().get(name, 'default');
const podsOf = (app: string): readonly Pod[] =>
  cluster.pods.list({ namespace: 'default', labelSelector: `app=${app}` });

function deploy(name: string, script: string, spec: Partial<Deployment['spec']> = {}): void {
  deployments().create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 2, containers: [sh('main', script)] },
      },
      ...spec,
    },
  });
}

/** As `kubectl rollout status` judges it. */
function isRolledOut(name: string): boolean {
  const found = deployment(name);
  const { replicas = 1 } = found?.spec ?? {};
  const {
    observedGeneration,
    updatedReplicas = 0,
    replicas: all = 0,
    availableReplicas = 0,
  } = found?.status ?? {};
  return (
    observedGeneration === found?.metadata.generation &&
    [updatedReplicas, all, availableReplicas].every((count) => count === replicas)
  );
}
const rolledOut = (name: string) => eventually(() => isRolledOut(name), Boolean);
const mergePatch = (name: string, spec: object) => deployments().mergePatch(name, 'default', { spec });
const template = (script: string) => ({ template: { spec: { containers: [sh('main', script)] } } });

describe.concurrent('a Deployment', () => {
  it('rolls out, never with fewer pods than it may have, scales and comes back from zero', async () => {
    deploy('web', untilTerm(), { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
    await rolledOut('web');
    let fewest = 2;
    const watch = cluster.pods.watch({ namespace: 'default', labelSelector: 'app=web' }, () => {
      const serving = podsOf('web').filter(
        ({ metadata, status }) =>
          metadata.deletionTimestamp === undefined &&
          status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
      );
      fewest = Math.min(fewest, serving.length);
    });
    mergePatch('web', template(`echo new; ${untilTerm()}`));
    await rolledOut('web');
    watch.stop();
    expect(fewest).toBe(2);
    expect(deployment('web')?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '2',
    });
    expect(deployment('web')?.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }),
    );
    deployments().mergePatch('web', 'default', { spec: { replicas: 0 } }, 'scale');
    await eventually(() => podsOf('web').length === 0, Boolean);
    mergePatch('web', { replicas: 3 });
    await rolledOut('web');
    expect(podsOf('web').filter(({ metadata }) => metadata.deletionTimestamp === undefined)).toHaveLength(3);
  });

  it('keeps serving while a new version fails, and says that it does not progress', async () => {
    deploy('broken', untilTerm(), { progressDeadlineSeconds: 1 });
    await rolledOut('broken');
    // Without a probe a container that crashes is ready for the moment that it runs, in Kubernetes too.
    const broken = sh('main', 'exit 1', { readinessProbe: { tcpSocket: { port: 1 } } });
    mergePatch('broken', { template: { spec: { containers: [broken] } } });
    const stuck = await eventually(
      () => deployment('broken')?.status?.conditions?.find(({ type }) => type === 'Progressing'),
      ({ status }) => status === 'False',
    );
    expect(stuck.reason).toBe('ProgressDeadlineExceeded');
    expect(deployment('broken')?.status?.availableReplicas).toBe(2);
  });

  it('with Recreate has no two versions at once', async () => {
    deploy('recreate', untilTerm(), { strategy: { type: 'Recreate' } });
    await rolledOut('recreate');
    let most = 0;
    const watch = cluster.pods.watch({ namespace: 'default', labelSelector: 'app=recreate' }, () => {
      most = Math.max(
        most,
        new Set(podsOf('recreate').map(({ metadata }) => metadata.labels?.['pod-template-hash'])).size,
      );
    });
    mergePatch('recreate', template(`echo new; ${untilTerm()}`));
    await rolledOut('recreate');
    watch.stop();
    expect(most).toBe(1);
  });

  it('adopts a ReplicaSet of its labels, and its deletion takes everything along', async () => {
    const sets = cluster.client.resource<ReplicaSet>('apps/v1', 'ReplicaSet');
    const labels = { app: 'adopted', 'pod-template-hash': 'x' };
    const podTemplate = {
      metadata: { labels },
      spec: { terminationGracePeriodSeconds: 2, containers: [sh('main', untilTerm())] },
    };
    sets.create({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'orphan', namespace: 'default', labels },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: podTemplate },
    });
    deploy('adopted', untilTerm(), { replicas: 1 });
    await rolledOut('adopted');
    const adopted = sets.get('orphan', 'default');
    expect(adopted?.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Deployment', name: 'adopted' });
    expect(sets.list({ namespace: 'default', labelSelector: 'app=adopted' })).toHaveLength(1);
    deployments().delete('adopted', 'default');
    await eventually(
      () => podsOf('adopted').length === 0 && sets.get('orphan', 'default') === undefined,
      Boolean,
    );
  });
});

describe.concurrent('a Service', () => {
  it('passes connections on to ready pods, and none where there is none', async () => {
    const server = `require('http').createServer((q, s) => s.end(process.env.HOSTNAME)).listen(8080, process.env.POD_IP)`;
    const services = cluster.client.resource<Service>('v1', 'Service');
    services.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'echo', namespace: 'default' },
      spec: { selector: { app: 'echo' }, ports: [{ name: 'http', port: 8000, targetPort: 'http' }] },
    });
    const url = await eventually(() => {
      const address = services.get('echo', 'default')?.spec.clusterIP;
      return address === undefined ? undefined : `http://${address}:8000/`;
    });
    const ask = () =>
      fetch(url, { headers: { connection: 'close' } }).then(
        (response) => response.text(),
        () => 'refused',
      );
    expect(await ask()).toBe('refused');
    deploy('echo', '', {
      template: {
        metadata: { labels: { app: 'echo' } },
        spec: {
          terminationGracePeriodSeconds: 2,
          containers: [
            {
              name: 'main',
              image: 'node',
              args: ['-e', server],
              env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
              ports: [{ name: 'http', containerPort: 8080 }],
              readinessProbe: { httpGet: { port: 'http' }, periodSeconds: 1 },
            },
          ],
        },
      },
    });
    await rolledOut('echo');
    const names = podsOf('echo').map(({ metadata }) => metadata.name);
    const answers = new Set<string>();
    await eventually(async () => {
      answers.add(await ask());
      return answers.size >= 2 && !answers.has('refused');
    }, Boolean).catch(() => undefined);
    expect([...answers].sort()).toEqual([...names].sort());
    const slices = cluster.client.resource<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice');
    const ofEcho = { namespace: 'default', labelSelector: 'kubernetes.io/service-name=echo' };
    expect(slices.list(ofEcho)[0]?.endpoints).toHaveLength(2);
    deployments().delete('echo', 'default');
    await eventually(ask, (answer) => answer === 'refused');
  });
});

describe.concurrent('the scheduler', () => {
  it('says what a pod asks for in vain, and places it when the node has it', async () => {
    cluster.run('gpu', {
      containers: [sh('main', untilTerm(), { resources: { limits: { 'example.com/gpu': '1' } } })],
    });
    const condition = await eventually(() =>
      cluster.pod('gpu')?.status?.conditions?.find(({ type }) => type === 'PodScheduled'),
    );
    expect(condition).toMatchObject({ status: 'False', reason: 'Unschedulable' });
    expect(condition.message).toMatch(/^0\/1 nodes are available: 1 Insufficient example.com\/gpu\. /);
    expect(cluster.pod('gpu')?.status?.phase).toBe('Pending');
    const status = { capacity: { 'example.com/gpu': '1' }, allocatable: { 'example.com/gpu': '1' } };
    cluster.client.resource('v1', 'Node').mergePatch('fairlead-node', undefined, { status }, 'status');
    await cluster.ready('gpu');
  });
});

describe.concurrent('an autoscaler', () => {
  it('follows an external metric, and changes nothing while it cannot be read or at zero', async () => {
    let demand = '8';
    const backend = await startMetricsBackend(() => demand);
    deploy('scaled', untilTerm(), { replicas: 1 });
    const autoscalers = cluster.client.resource<Autoscaler>('autoscaling/v2', 'HorizontalPodAutoscaler');
    autoscalers.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'scaled', namespace: 'default' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'scaled' },
        minReplicas: 1,
        maxReplicas: 3,
        behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
        metrics: [
          {
            type: 'External',
            external: {
              metric: { name: 'demand', selector: { matchLabels: { app: 'scaled' } } },
              target: { type: 'AverageValue', averageValue: '4' },
            },
          },
        ],
      },
    });
    const replicas = (wanted: number) =>
      eventually(() => deployment('scaled')?.spec.replicas === wanted, Boolean);
    const condition = (type: string, reason: string) =>
      eventually(
        () => autoscalers.get('scaled', 'default')?.status?.conditions?.find((known) => known.type === type),
        (known) => known.reason === reason,
      );
    await replicas(2);
    demand = '100';
    await replicas(3);
    await condition('ScalingLimited', 'TooManyReplicas');
    demand = '';
    const failed = await condition('ScalingActive', 'FailedGetExternalMetric');
    expect(failed.message).toContain('unable to get external metric default/demand');
    expect(deployment('scaled')?.spec.replicas).toBe(3);
    demand = '1';
    await replicas(1);
    mergePatch('scaled', { replicas: 0 });
    await condition('ScalingActive', 'ScalingDisabled');
    expect(deployment('scaled')?.spec.replicas).toBe(0);
    expect(backend.asked()).toContain('labelSelector=app%3Dscaled');
    await backend.stop();
  });
});

/** Serves `external.metrics.k8s.io` behind an APIService; an empty value makes it fail. */
async function startMetricsBackend(value: () => string) {
  const now = Date.now();
  const authority = await makeAuthority({ commonName: 'metrics authority', now, validMs: 3_600_000 });
  const certificate = await issueCertificate(authority, {
    commonName: 'metrics',
    dnsNames: ['metrics.default.svc'],
    usages: ['server'],
    now,
    validMs: 3_600_000,
  });
  let asked = '';
  const server = createServer(
    { cert: certificate.certificatePem, key: certificate.privateKeyPem },
    (request, response) => {
      if (request.url?.includes('/demand') === true) asked = request.url;
      response.writeHead(value() === '' ? 500 : 200, { 'content-type': 'application/json' });
      const items = [
        { metricName: 'demand', metricLabels: {}, timestamp: new Date().toISOString(), value: value() },
      ];
      response.end(
        JSON.stringify({
          kind: 'ExternalMetricValueList',
          apiVersion: 'external.metrics.k8s.io/v1beta1',
          items,
        }),
      );
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const metadata = { name: 'metrics', namespace: 'default' };
  const ports = [{ name: 'https', port: 443 }];
  const { client } = cluster;
  client
    .resource<Service>('v1', 'Service')
    .create({ apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: 'None', ports } });
  client.resource<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice').create({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'metrics' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'] }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  });
  const apiService = {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1beta1.external.metrics.k8s.io' },
    spec: {
      group: 'external.metrics.k8s.io',
      version: 'v1beta1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      service: { ...metadata, port: 443 },
      caBundle: Buffer.from(authority.certificatePem).toString('base64'),
    },
  };
  client.resource('apiregistration.k8s.io/v1', 'APIService').create(apiService);
  return {
    asked: () => asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
