/** Owns the tests of the objects of a served entity. */
import { describe, expect, it } from 'vitest';
import { sidecarConfigSchema } from '../../../core/sidecar-config.ts';
import { anEndpoint } from '../../../test/support/an-endpoint.ts';
import type { EndpointBuilder } from '../../../test/support/an-endpoint.ts';
import { aConfig, aRuntime } from '../../operator-fixture.ts';
import { aBlueprint } from './blueprint-fixture.ts';
import { makeDeployment } from './make-deployment.ts';
import { makeHorizontalPodAutoscaler } from './make-horizontal-pod-autoscaler.ts';
import { makeService } from './make-service.ts';
import { makeSidecarConfig, makeSidecarConfigMap } from './make-sidecar-config-map.ts';

const iris = anEndpoint('iris').servingModel('models:/iris/1');

describe('the Deployment', () => {
  it('is selected by its own label alone, and belongs to the endpoint', () => {
    const made = aBlueprint(iris.withScaleToZero('10s'));
    expect(makeDeployment(made)).toMatchObject({
      metadata: {
        labels: { 'serving.fairlead.dev/endpoint': 'iris', 'serving.fairlead.dev/served-entity': 'iris-1' },
        annotations: {
          'serving.fairlead.dev/config-version': '3',
          'serving.fairlead.dev/runtime': 'ClusterServingRuntime/mlflow-python',
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
    expect(aBlueprint(anEndpoint(name).servingModel('models:/iris/1')).name).toMatch(pattern);
  });
});

describe('the Service and the HPA', () => {
  it('share the name and select by it', () => {
    const made = aBlueprint(iris.withWorkload({ size: 'Medium' }));
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
    const made = aBlueprint(iris, { config: aConfig({ scaling: { targetUtilization: 1 } }) });
    expect(makeHorizontalPodAutoscaler(made).spec).toMatchObject({
      metrics: [{ external: { target: { averageValue: '4' } } }],
    });
  });
});

describe('the HPA', () => {
  const behaviorOf = (builder: EndpointBuilder) =>
    makeHorizontalPodAutoscaler(aBlueprint(builder)).spec.behavior;

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
    const made = aBlueprint(iris.withWorkload({ scaling: { scaleDown: slowly } }), {
      config: aConfig({ scaling: { scaleDown: { stabilizationWindowSeconds: 30 } } }),
    });
    expect(makeHorizontalPodAutoscaler(made).spec.behavior?.scaleDown).toEqual({
      stabilizationWindowSeconds: 30,
      selectPolicy: 'Max',
      ...slowly,
    });
  });

  it('aims at what the workload says that a replica takes', () => {
    const scaling = { concurrencyPerReplica: 10, targetUtilizationPercentage: 50 };
    const made = aBlueprint(iris.withWorkload({ minConcurrency: 10, maxConcurrency: 35, scaling }));
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
    expect(makeHorizontalPodAutoscaler(aBlueprint(builder), mayGoToZero).spec).toMatchObject({ minReplicas });
  });
});

describe('of a route-optimised endpoint', () => {
  const point = 'x'.repeat(43);
  const key = { kid: 'k1', kty: 'EC', crv: 'P-256', x: point, y: point, alg: 'ES256', use: 'sig' } as const;
  const config = aConfig({ trustDomain: 'td' });
  const direct = aBlueprint(iris, { direct: { publicName: 'Iris_prod', keys: [key] }, config });

  it('pods carry the label by which callers are led to them, others do not', () => {
    const labelsOf = (blueprint: typeof direct) =>
      makeDeployment(blueprint).spec?.template.metadata?.labels?.['serving.fairlead.dev/route-optimized'];
    expect(labelsOf(direct)).toBe('true');
    expect(labelsOf(aBlueprint(iris))).toBeUndefined();
  });

  it('the sidecar knows callers by their tokens, its peers, and the gateway to send on to', () => {
    const own = 'spiffe://td/ns/default/endpoint/iris';
    const gateway = 'spiffe://td/ns/fairlead-system/sa/fairlead-gateway';
    expect(sidecarConfigSchema.parse(makeSidecarConfig(direct))).toMatchObject({
      peers: { trustedForwarders: [gateway, own] },
      routeOptimized: {
        publicName: 'Iris_prod',
        identity: own,
        keys: [{ kid: 'k1' }],
        gateway: { url: 'https://fairlead-gateway-direct.fairlead-system.svc:8444', identity: gateway },
      },
    });
  });

  it('the sidecar of another endpoint knows the gateway alone', () => {
    const made = makeSidecarConfig(aBlueprint(iris));
    expect(made.routeOptimized).toBeUndefined();
    expect(made.peers.trustedForwarders).toHaveLength(1);
  });
});

describe('the configuration of the sidecar', () => {
  it('is one that the sidecar accepts', () => {
    const limits = { rateLimits: [{ key: 'user' as const, calls: 100 }] };
    const made = aBlueprint(iris.withSpec(limits));
    const file = makeSidecarConfigMap(made).data!['config.json']!;
    expect(sidecarConfigSchema.parse(JSON.parse(file))).toEqual(makeSidecarConfig(made));
  });

  it('tells the path of the task, and gRPC and metrics where there are some', () => {
    const runtime = aRuntime('r', {
      modelServer: {
        port: 8000,
        grpcPort: 8001,
        healthPath: '/v2/models/{{entity.name}}/ready',
        taskPaths: { chat: '/v1/chat/completions' },
        metrics: { port: 8002 },
      },
    });
    const model = { uri: 'hf://org/m', task: 'llm/v1/chat' as const };
    const made = aBlueprint(anEndpoint('m').servingModel('hf://org/m', { name: 'm', model }), { runtime });
    expect(makeSidecarConfig(made).modelServer).toMatchObject({
      grpcPort: 8001,
      healthPath: '/v2/models/m/ready',
      invocationsPath: '/v1/chat/completions',
      metrics: { port: 8002, path: '/metrics' },
    });
    const { labels } = makeDeployment(made).spec!.template.metadata!;
    expect(labels).toMatchObject({ 'serving.fairlead.dev/model-metrics': 'true' });
  });

  it('names the peers by their identities', () => {
    const made = aBlueprint(iris, {
      config: aConfig({ trustDomain: 'example.org', systemNamespace: 'sys' }),
    });
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
