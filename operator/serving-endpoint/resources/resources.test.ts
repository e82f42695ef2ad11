/** Owns the tests of the objects of a served entity. */
import { describe, expect, it } from 'vitest';
import { sidecarConfigSchema } from '../../../core/sidecar-config.ts';
import { pauseOf } from '../../../core/scaling/pause.ts';
import { scalingRulesOf } from '../../../core/scaling/scaling-rules.ts';
import { anEndpoint } from '../../../test/support/an-endpoint.ts';
import type { EndpointBuilder } from '../../../test/support/an-endpoint.ts';
import { aConfig, aRuntime } from '../../operator-fixture.ts';
import { deploymentName } from '../names.ts';
import type { Blueprint, ModelEntity } from './blueprint.ts';
import { makeDeployment } from './make-deployment.ts';
import { makeHorizontalPodAutoscaler } from './make-horizontal-pod-autoscaler.ts';
import { makeService } from './make-service.ts';
import { makeSidecarConfig, makeSidecarConfigMap } from './make-sidecar-config-map.ts';

function blueprint(builder: EndpointBuilder, given: Partial<Blueprint> = {}): Blueprint {
  const { metadata, spec } = builder.build();
  const entity = spec.servedEntities[0] as ModelEntity;
  const config = given.config ?? aConfig({ mlflowTrackingUri: 'http://mlflow:5000' });
  return {
    endpoint: { namespace: metadata.namespace ?? '', name: metadata.name, uid: metadata.uid ?? '' },
    entity,
    name: deploymentName(metadata.name, entity),
    configVersion: 3,
    runtime: aRuntime('mlflow-python'),
    rateLimits: spec.rateLimits ?? [],
    scaling: scalingRulesOf(entity.workload, config.scaling, pauseOf(metadata.annotations)),
    config,
    ...given,
  };
}

const iris = anEndpoint('iris').servingModel('models:/iris/1');
const podOf = (made: Blueprint) => makeDeployment(made).spec!.template.spec!;

describe('the pod of a served entity', () => {
  const pod = podOf(blueprint(iris));
  const [fetcher, sidecar] = pod.initContainers!;
  const [model] = pod.containers;

  it('fetches the model first, then starts the sidecar, then the model server', () => {
    expect(pod.initContainers!.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
      ['fetch-model', undefined],
      ['sidecar', 'Always'],
    ]);
    expect(pod.containers.map(({ name }) => name)).toEqual(['model']);
  });

  it('tells the fetcher what to fetch, and from which MLflow', () => {
    expect(fetcher).toMatchObject({
      image: 'runtime:1',
      command: ['fetch'],
      args: ['--source', 'models:/iris/1', '--destination', '/mnt/models'],
      env: [{ name: 'MLFLOW_TRACKING_URI', value: 'http://mlflow:5000' }],
      terminationMessagePolicy: 'FallbackToLogsOnError',
    });
  });

  it('gives the fetcher alone the credentials', () => {
    const model = { uri: 's3://b/m', credentials: { secretRef: { name: 's3-creds' } } };
    const made = podOf(blueprint(anEndpoint('iris').servingModel('s3://b/m', { name: 'm', model })));
    expect(made.initContainers![0]!.envFrom).toEqual([{ secretRef: { name: 's3-creds' } }]);
    expect(JSON.stringify(made.containers)).not.toContain('s3-creds');
  });

  it('starts the sidecar on its mounted files and the address of the pod', () => {
    expect(sidecar).toMatchObject({
      image: 'fairlead:dev',
      args: expect.arrayContaining([
        'sidecar',
        '--sidecar-config',
        '/etc/fairlead/sidecar/config.json',
        '--tls-dir',
        '/etc/fairlead/tls',
      ]) as string[],
      ports: [{ containerPort: 8443 }, { containerPort: 9090 }],
      readinessProbe: { httpGet: { path: '/readyz', port: 9090 } },
    });
    expect(sidecar!.env!.map(({ name }) => name)).toEqual(['POD_IP', 'POD_NAME', 'POD_UID', 'NODE_OPTIONS']);
    expect(pod.volumes).toEqual([
      { name: 'model', emptyDir: {} },
      { name: 'sidecar-config', configMap: { name: blueprint(iris).name } },
      { name: 'sidecar-tls', secret: { secretName: 'iris-sidecar-tls' } },
    ]);
  });

  it('has the model server asked through the sidecar, and drained before it ends', () => {
    expect(model).toMatchObject({
      args: ['--port', '8080'],
      startupProbe: { httpGet: { path: '/model/readyz', port: 9090 }, periodSeconds: 1 },
      livenessProbe: { httpGet: { path: '/model/livez', port: 9090 } },
      lifecycle: { preStop: { httpGet: { path: '/wait-for-drain', port: 9090 } } },
      resources: { requests: { cpu: '1', memory: '4Gi' } },
    });
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(300);
  });

  it('holds no Kubernetes credentials', () => {
    expect(pod.automountServiceAccountToken).toBe(false);
  });

  it('lays the overlay of the entity over that of the runtime, and keeps its own labels', () => {
    const runtime = aRuntime('r', {
      template: {
        spec: { priorityClassName: 'low', runtimeClassName: 'kata' },
        metadata: { labels: { a: '1' } },
      },
    });
    const template = {
      metadata: { labels: { 'serving.fairlead.dev/deployment': 'mine' } },
      spec: {
        priorityClassName: 'high',
        aFieldOfTheFuture: { x: 1 },
        containers: [{ name: 'model', tty: true }],
      },
    };
    const made = blueprint(anEndpoint('iris').servingModel('models:/iris/1', { template }), { runtime });
    const { metadata, spec } = makeDeployment(made).spec!.template;
    expect(spec).toMatchObject({
      priorityClassName: 'high',
      runtimeClassName: 'kata',
      aFieldOfTheFuture: { x: 1 },
    });
    expect(spec!.containers[0]).toMatchObject({ image: 'runtime:1', tty: true });
    expect(metadata!.labels).toMatchObject({ a: '1', 'serving.fairlead.dev/deployment': made.name });
  });

  it('lets the environment of the entity win over that of the runtime', () => {
    const runtime = aRuntime('r', {
      container: {
        name: 'x',
        image: 'i',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      },
    });
    const env = [{ name: 'A', value: '3' }];
    const made = blueprint(anEndpoint('iris').servingModel('models:/iris/1', { env }), { runtime });
    expect(podOf(made).containers[0]!.env).toEqual([
      { name: 'A', value: '3' },
      { name: 'B', value: '2' },
    ]);
  });

  it('asks for the hardware of the workload type', () => {
    const config = aConfig({
      workloadTypes: {
        GPU_SMALL: {
          resources: { limits: { 'nvidia.com/gpu': '1' } },
          nodeSelector: { gpu: 't4' },
          tolerations: [{ key: 'gpu' }],
        },
      },
    });
    const made = podOf(blueprint(iris.withWorkload({ type: 'GPU_SMALL' }), { config }));
    expect(made).toMatchObject({ nodeSelector: { gpu: 't4' }, tolerations: [{ key: 'gpu' }] });
    expect(made.containers[0]!.resources).toMatchObject({ limits: { 'nvidia.com/gpu': '1' } });
  });
});

describe('the Deployment', () => {
  it('is selected by its own label alone, and belongs to the endpoint', () => {
    const made = blueprint(iris.withScaleToZero('10s'));
    expect(makeDeployment(made)).toMatchObject({
      metadata: {
        labels: { 'serving.fairlead.dev/endpoint': 'iris', 'serving.fairlead.dev/served-entity': 'iris-1' },
        annotations: {
          'serving.fairlead.dev/config-version': '3',
          'serving.fairlead.dev/runtime': 'mlflow-python',
          'serving.fairlead.dev/idle-after': '10s',
        },
        ownerReferences: [{ kind: 'ServingEndpoint', name: 'iris', controller: true }],
      },
      spec: { selector: { matchLabels: { 'serving.fairlead.dev/deployment': made.name } } },
    });
  });

  it.each([
    ['iris', /^iris-[0-9a-f]{10}$/],
    ['1st.model', /^e-1st-model-[0-9a-f]{10}$/],
    ['x'.repeat(63), /^x{52}-[0-9a-f]{10}$/],
    [`${'x'.repeat(51)}-long`, /^x{51}-[0-9a-f]{10}$/],
  ])('of the endpoint %s has a name that a Service can have', (name, pattern) => {
    expect(blueprint(anEndpoint(name).servingModel('models:/iris/1')).name).toMatch(pattern);
  });
});

describe('the Service and the HPA', () => {
  it('share the name and select by it', () => {
    const made = blueprint(iris.withWorkload({ size: 'Medium' }));
    expect(makeService(made)).toMatchObject({
      metadata: { name: made.name },
      spec: { clusterIP: 'None', ports: [{ port: 8443 }] },
    });
    expect(makeHorizontalPodAutoscaler(made).spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: made.name },
      minReplicas: 2,
      maxReplicas: 4,
      metrics: [
        {
          type: 'External',
          external: {
            metric: {
              name: 'fairlead_concurrency',
              selector: { matchLabels: { 'serving.fairlead.dev/deployment': made.name } },
            },
            target: { type: 'AverageValue', averageValue: '2800m' },
          },
        },
      ],
    });
  });

  it('write a whole number as the API server would', () => {
    const made = blueprint(iris, { config: aConfig({ scaling: { targetUtilization: 1 } }) });
    expect(makeHorizontalPodAutoscaler(made).spec).toMatchObject({
      metrics: [{ external: { target: { averageValue: '4' } } }],
    });
  });
});

describe('the HPA', () => {
  const behaviorOf = (builder: EndpointBuilder) =>
    makeHorizontalPodAutoscaler(blueprint(builder)).spec?.behavior;

  it('moves as Kubernetes would unless somebody says otherwise', () => {
    expect(behaviorOf(iris)).toEqual({
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [
          { type: 'Pods', value: 4, periodSeconds: 15 },
          { type: 'Percent', value: 100, periodSeconds: 15 },
        ],
      },
      scaleDown: {
        stabilizationWindowSeconds: 300,
        selectPolicy: 'Max',
        policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
      },
    });
  });

  it('moves as the workload says, and as the configuration says where that says nothing', () => {
    const slowly = { policies: [{ type: 'Pods' as const, value: 1, periodSeconds: 60 }] };
    const made = blueprint(iris.withWorkload({ scaling: { scaleDown: slowly } }), {
      config: aConfig({ scaling: { scaleDown: { stabilizationWindowSeconds: 30 } } }),
    });
    expect(makeHorizontalPodAutoscaler(made).spec?.behavior?.scaleDown).toEqual({
      stabilizationWindowSeconds: 30,
      selectPolicy: 'Max',
      ...slowly,
    });
  });

  it('aims at what the workload says that a replica takes', () => {
    const scaling = { concurrencyPerReplica: 10, targetUtilizationPercentage: 50 };
    const made = blueprint(iris.withWorkload({ minConcurrency: 10, maxConcurrency: 35, scaling }));
    expect(makeHorizontalPodAutoscaler(made).spec).toMatchObject({
      minReplicas: 1,
      maxReplicas: 4,
      metrics: [{ external: { target: { averageValue: '5' } } }],
    });
    expect(makeSidecarConfig(made).concurrency).toMatchObject({ limit: 10, queue: 100 });
  });

  it.each([
    ['paused', 'Disabled', 'Disabled'],
    ['paused-scale-in', 'Max', 'Disabled'],
    ['paused-scale-out', 'Disabled', 'Max'],
    ['pausd', 'Max', 'Max'],
  ])('is held still by the annotation "%s"', (word, up, down) => {
    const behavior = behaviorOf(
      iris.withMetadata({ annotations: { 'serving.fairlead.dev/autoscaling': word } }),
    );
    expect([behavior?.scaleUp?.selectPolicy, behavior?.scaleDown?.selectPolicy]).toEqual([up, down]);
  });

  it.each([
    ['goes to zero itself where it can and may', iris.withScaleToZero('10m'), true, 0],
    ['leaves zero to the operator where the cluster cannot', iris.withScaleToZero('10m'), false, 1],
    ['keeps one replica where the workload does not go to zero', iris, true, 1],
  ])('%s', (_name, builder, mayGoToZero, minReplicas) => {
    expect(makeHorizontalPodAutoscaler(blueprint(builder), mayGoToZero).spec).toMatchObject({ minReplicas });
  });
});

describe('the configuration of the sidecar', () => {
  it('is one that the sidecar accepts', () => {
    const limits = { rateLimits: [{ key: 'user' as const, calls: 100 }] };
    const made = blueprint(iris.withSpec(limits));
    const file = makeSidecarConfigMap(made).data!['config.json']!;
    expect(sidecarConfigSchema.parse(JSON.parse(file))).toEqual(makeSidecarConfig(made));
  });

  it('names the peers by their identities', () => {
    const made = blueprint(iris, { config: aConfig({ trustDomain: 'example.org', systemNamespace: 'sys' }) });
    expect(makeSidecarConfig(made)).toMatchObject({
      peers: { trustedForwarders: ['spiffe://example.org/ns/sys/sa/fairlead-gateway'] },
      demand: {
        identity: 'spiffe://example.org/ns/sys/sa/fairlead-operator',
        url: 'https://fairlead-operator.sys.svc:8444/v1/demand',
      },
      concurrency: { limit: 4, queue: 40 },
    });
  });
});
