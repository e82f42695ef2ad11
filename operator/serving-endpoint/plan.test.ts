import { describe, expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { HorizontalPodAutoscaler } from '../../kube/kinds.ts';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { aRuntime } from '../operator-fixture.ts';
import type { NativeZero } from '../scaling/scaling-mode.ts';
import type { Snapshot } from './observe.ts';
import { planServingEndpoint } from './plan.ts';
import type { Plan } from './plan.ts';
import { aRevision, aSnapshot, byName, config, deploymentFor } from './snapshot-fixture.ts';

const now = Date.parse('2026-01-01T00:10:00Z');
const iris = (version: number) => anEndpoint('iris').servingModel(`models:/iris/${version}`);
const one = iris(1).build();
const two = iris(2).build();
const nameOf = (endpoint: ServingEndpoint): string =>
  deploymentFor(endpoint, endpoint.spec.servedEntities[0]!.name).metadata!.name!;

/** The traffic of an endpoint with one entity. */
const routedTo = (endpoint: ServingEndpoint, configVersion: number) => [
  {
    servedEntity: endpoint.spec.servedEntities[0]!.name,
    percent: 100,
    deployment: nameOf(endpoint),
    configVersion,
  },
];

/** The endpoint asks for version 2 while version 1 is active since `since`. */
const updating = (since = '2026-01-01T00:00:00Z'): ServingEndpoint =>
  iris(2)
    .withStatus({
      active: { configVersion: 1, since },
      traffic: routedTo(one, 1),
    })
    .build();
const revisions = [aRevision(one, 1), aRevision(two, 2)];

const plan = (snapshot: Snapshot): Plan => planServingEndpoint(snapshot, config, now);
const kindsOf = ({ children }: Plan, deployment: string) =>
  children.filter((child) => child.deployment === deployment).map(({ kind }) => kind.kind);
const removed = ({ removals }: Plan) => removals.map(({ kind, name }) => `${kind.kind}/${name}`);

describe('the plan of a new endpoint', () => {
  it('records config version 1 and makes everything but the HPA, which waits for traffic', () => {
    const result = plan(aSnapshot(one));
    expect(result.newRevision).toMatchObject({ metadata: { name: 'iris-config-1' }, revision: 1 });
    expect(kindsOf(result, nameOf(one))).toEqual(['ConfigMap', 'Service', 'Deployment']);
    expect(result.targetReadiness).toBe('progressing');
    expect(result.reasons).toContain('config version 1 is new');
  });

  it('leaves the replicas out of the Deployment', () => {
    const deployment = plan(aSnapshot(one)).children.find(({ kind }) => kind.kind === 'Deployment')?.wanted;
    expect(deployment).not.toHaveProperty('spec.replicas');
  });

  it.each<[string, Partial<Snapshot>, string]>([
    ['no runtime serves its format', { runtimes: [] }, 'NoRuntimeForFormat'],
    [
      'its runtime has a placeholder that does not exist',
      { runtimes: [aRuntime('r', { container: { name: 'm', image: '{{x}}' } })] },
      'RuntimeUnsuitable',
    ],
  ])('makes nothing when %s, and says so', (_name, seen, reason) => {
    const result = plan(aSnapshot(one, seen));
    expect(result.children).toEqual([]);
    expect(result.entities[0]?.verdict).toMatchObject({ state: 'Failed', reason });
  });

  it('says that an external model is not served yet', () => {
    const external = { provider: 'openai', name: 'gpt-4o', task: 'llm/v1/chat' } as const;
    const endpoint = anEndpoint('gpt')
      .withSpec({ servedEntities: [{ name: 'gpt', externalModel: external }] })
      .build();
    expect(plan(aSnapshot(endpoint)).entities[0]?.verdict).toMatchObject({ reason: 'NotYetSupported' });
  });
});

describe('the plan of an endpoint whose HPA goes to zero itself', () => {
  const endpoint = iris(1)
    .withScaleToZero('5m')
    .withStatus({ active: { configVersion: 1, since: '2026-01-01T00:00:00Z' }, traffic: routedTo(one, 1) })
    .build();
  const deployment = deploymentFor(endpoint, 'iris-1');
  const autoscaler = (minReplicas: number) => ({
    metadata: { ...deployment.metadata, uid: 'uid-of-hpa' },
    spec: { minReplicas, maxReplicas: 1, scaleTargetRef: { kind: 'Deployment', name: nameOf(one) } },
  });
  const planned = (nativeZero: NativeZero, minReplicas: number) => {
    const result = plan(
      aSnapshot(endpoint, {
        revisions: [aRevision(endpoint, 1)],
        deployments: byName(deployment),
        autoscalers: byName(autoscaler(minReplicas)),
        scalingMode: { metricsApi: 'ours', nativeZero },
      }),
    );
    const child = result.children.find(({ kind }) => kind.kind === 'HorizontalPodAutoscaler');
    const least = (child?.wanted as HorizontalPodAutoscaler | undefined)?.spec.minReplicas;
    return { least, removed: removed(result) };
  };

  it.each<[string, NativeZero, number, { least: number | undefined; removed: string[] }]>([
    ['lets it go there', 'on', 1, { least: 0, removed: [] }],
    ['leaves it as it is while the cluster does not say', 'unknown', 0, { least: 0, removed: [] }],
    [
      'makes it anew when the operator goes there again',
      'off',
      0,
      {
        least: undefined,
        removed: [`HorizontalPodAutoscaler/${nameOf(one)}`],
      },
    ],
    ['gives the new one a least of one', 'off', 1, { least: 1, removed: [] }],
  ])('%s', (_name, nativeZero, minReplicas, expected) => {
    expect(planned(nativeZero, minReplicas)).toEqual(expected);
  });
});

describe('the plan of an update', () => {
  it('keeps both versions alive, the active one with its HPA', () => {
    const result = plan(
      aSnapshot(updating(), { revisions, deployments: byName(deploymentFor(one, 'iris-1')) }),
    );
    expect(kindsOf(result, nameOf(one))).toContain('HorizontalPodAutoscaler');
    expect(kindsOf(result, nameOf(two))).toEqual(['ConfigMap', 'Service', 'Deployment']);
    expect(result.entities.map(({ configVersion }) => configVersion)).toEqual([1, 2]);
    expect(removed(result)).toEqual([]);
  });

  it('gives the new Deployment as many replicas as it takes over', () => {
    const large = (version: number) => iris(version).withWorkload({ size: 'Medium' });
    const endpoint = large(2)
      .withStatus({
        active: { configVersion: 1, since: '2026-01-01T00:00:00Z' },
        traffic: routedTo(large(1).build(), 1),
      })
      .build();
    const [old, next] = [large(1).build(), large(2).build()];
    const deployments = byName(deploymentFor(old, 'iris-1', { desired: 3 }), deploymentFor(next, 'iris-2'));
    const result = plan(
      aSnapshot(endpoint, { revisions: [aRevision(old, 1), aRevision(next, 2)], deployments }),
    );
    expect(result.scales).toEqual([
      { deployment: nameOf(next), resourceVersion: '7', replicas: 3, cause: 'it is to take over traffic' },
    ]);
    expect(result.targetReadiness).toBe('progressing');
  });

  it('is ready when the new Deployment is', () => {
    const deployments = byName(deploymentFor(one, 'iris-1'), deploymentFor(two, 'iris-2'));
    expect(plan(aSnapshot(updating(), { revisions, deployments })).targetReadiness).toBe('ready');
  });

  it('drops a superseded version at once', () => {
    const endpoint = {
      ...iris(3).build(),
      status: { ...updating().status, pending: { configVersion: 2, since: '2026-01-01T00:09:59Z' } },
    };
    const deployments = byName(deploymentFor(one, 'iris-1'), deploymentFor(two, 'iris-2'));
    const result = plan(aSnapshot(endpoint, { revisions, deployments }));
    expect(result.versions.target.version).toBe(3);
    expect(removed(result)).toEqual([`Deployment/${nameOf(two)}`]);
    expect(result.reasons).toContain('config version 2 is superseded');
  });
});

describe('the plan after a switch', () => {
  const switched = (since: string): ServingEndpoint =>
    iris(2)
      .withStatus({
        active: { configVersion: 2, since },
        traffic: routedTo(two, 2),
      })
      .build();
  const autoscaler = {
    metadata: { ...deploymentFor(one, 'iris-1').metadata, uid: 'uid-of-hpa' },
    spec: { maxReplicas: 1, scaleTargetRef: { kind: 'Deployment', name: nameOf(one) } },
  };
  const seen = {
    revisions,
    deployments: byName(deploymentFor(one, 'iris-1'), deploymentFor(two, 'iris-2')),
    autoscalers: byName(autoscaler),
  };

  it('stops the old HPA, and lets the old Deployment serve until gateways have followed', () => {
    const result = plan(aSnapshot(switched('2026-01-01T00:09:57Z'), seen));
    expect(removed(result)).toEqual([`HorizontalPodAutoscaler/${nameOf(one)}`]);
    expect(result.requeueAfterMs).toBe(7_000);
  });

  it('removes the old Deployment after that', () => {
    const result = plan(aSnapshot(switched('2026-01-01T00:09:50Z'), seen));
    expect(removed(result)).toContain(`Deployment/${nameOf(one)}`);
    expect(result.requeueAfterMs).toBeUndefined();
  });

  it('leaves the Service of the endpoint itself alone', () => {
    const { ownerReferences = [], namespace = '' } = deploymentFor(one, 'iris-1').metadata ?? {};
    const own = { metadata: { name: 'iris', namespace, ownerReferences, uid: 'uid-of-service' } };
    const services = new Map([['iris', own]]);
    const result = plan(aSnapshot(switched('2026-01-01T00:09:50Z'), { ...seen, services }));
    expect(removed(result)).not.toContain('Service/iris');
  });

  it('never removes what the traffic reaches, even when the record of the active version is lost', () => {
    const endpoint = { ...switched('2026-01-01T00:00:00Z'), spec: iris(3).build().spec };
    const result = plan(aSnapshot(endpoint, { ...seen, revisions: [] }));
    expect(removed(result)).not.toContain(`Deployment/${nameOf(two)}`);
  });

  it('never removes what is not ours', () => {
    const foreign = deploymentFor(one, 'iris-1');
    const metadata = { ...foreign.metadata, ownerReferences: [] };
    const result = plan(
      aSnapshot(switched('2026-01-01T00:00:00Z'), {
        revisions,
        deployments: byName({ ...foreign, metadata }),
      }),
    );
    expect(removed(result)).toEqual([]);
  });

  it('forgets records beyond the limit', () => {
    const many = Array.from({ length: 13 }, (_, index) => aRevision(iris(index + 1).build(), index + 1));
    const last = iris(13)
      .withStatus({ active: { configVersion: 13, since: '2026-01-01T00:00:00Z' } })
      .build();
    expect(removed(plan(aSnapshot(last, { revisions: many })))).toEqual([
      'ControllerRevision/iris-config-1',
      'ControllerRevision/iris-config-2',
    ]);
  });
});

describe('the plan of an entity at zero', () => {
  const active = { configVersion: 1, since: '2026-01-01T00:00:00Z' };
  const atZero = (endpoint: ServingEndpoint) =>
    plan(
      aSnapshot(endpoint, {
        revisions: [aRevision(endpoint, 1)],
        deployments: byName(deploymentFor(endpoint, 'iris-1', { desired: 0 })),
      }),
    );

  it('leaves it there', () => {
    const result = atZero(
      iris(1)
        .withScaleToZero('10s')
        .withStatus({ active, traffic: routedTo(one, 1) })
        .build(),
    );
    expect(result.scales).toEqual([]);
    expect(result.targetReadiness).toBe('ready');
  });

  it('wakes it when it may not be there', () => {
    expect(
      atZero(
        iris(1)
          .withStatus({ active, traffic: routedTo(one, 1) })
          .build(),
      ).scales,
    ).toMatchObject([{ replicas: 1, cause: 'its workload may not be at zero' }]);
  });
});

describe('the plan without the runtime that was chosen', () => {
  it('lets the Deployment run on', () => {
    const active = { configVersion: 1, since: '2026-01-01T00:00:00Z' };
    const endpoint = iris(1)
      .withStatus({ active, traffic: routedTo(one, 1) })
      .build();
    const result = plan(
      aSnapshot(endpoint, {
        runtimes: [],
        revisions: [aRevision(one, 1)],
        deployments: byName(deploymentFor(one, 'iris-1')),
      }),
    );
    expect(result.targetReadiness).toBe('ready');
    expect(removed(result)).toEqual([]);
    expect(result.children).toEqual([]);
  });
});
