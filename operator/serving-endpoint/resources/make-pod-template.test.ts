import { describe, expect, it } from 'vitest';
import { anEndpoint } from '../../../test/support/an-endpoint.ts';
import { aConfig, aRuntime } from '../../operator-fixture.ts';
import type { Blueprint } from './blueprint.ts';
import { aBlueprint } from './blueprint-fixture.ts';
import { makeDeployment } from './make-deployment.ts';
import { makeSidecarConfig } from './make-sidecar-config-map.ts';

const iris = anEndpoint('iris').servingModel('models:/iris/1');
const podOf = (made: Blueprint) => makeDeployment(made).spec!.template.spec!;
const fetcherOf = ({ initContainers }: ReturnType<typeof podOf>) =>
  initContainers!.find(({ name }) => name === 'fetch-model')!;

describe('the pod of a served entity', () => {
  const pod = podOf(aBlueprint(iris));
  const [sidecar, fetcher] = pod.initContainers!;
  const [model] = pod.containers;

  it('starts the sidecar first, then fetches the model, then starts the model server', () => {
    expect(pod.initContainers!.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
      ['sidecar', 'Always'],
      ['fetch-model', undefined],
    ]);
    expect(pod.containers.map(({ name }) => name)).toEqual(['model']);
  });

  it('tells the fetcher what to fetch, and from which MLflow', () => {
    expect(fetcher).toMatchObject({
      image: 'runtime:1',
      command: ['fetch'],
      args: ['--source', 'models:/iris/1', '--destination', '/mnt/models'],
      env: expect.arrayContaining([
        { name: 'FAIRLEAD_MLFLOW_TRACKING_URI', value: 'http://mlflow:5000' },
      ]) as unknown,
      terminationMessagePolicy: 'FallbackToLogsOnError',
    });
  });

  it('tells the fetcher which files of the source are wanted', () => {
    const files = { include: ['*.gguf', '-x'], exclude: ['draft/*'] };
    const model = { uri: 'hf://org/m', format: { name: 'gguf' }, files };
    const made = podOf(aBlueprint(anEndpoint('m').servingModel('hf://org/m', { model })));
    expect(fetcherOf(made).args).toEqual([
      ...['--source', 'hf://org/m', '--destination', '/mnt/models'],
      ...['--include=*.gguf', '--include=-x', '--exclude=draft/*'],
    ]);
  });

  it('tells the fetcher whatever else its runtime says, before what it is told by everybody', () => {
    const fetcher = { name: 'f', image: 'i', args: ['--format', '{{model.format}}'] };
    const made = podOf(aBlueprint(iris, { runtime: aRuntime('r', { fetcher }) }));
    expect(fetcherOf(made).args!.slice(0, 3)).toEqual(['--format', 'mlflow', '--source']);
  });

  it('lets nothing that a user wrote be a reference to a variable of the fetcher or the server', () => {
    const uri = 'https://x.example/$(TOKEN)';
    const model = { uri, files: { include: ['$(TOKEN)'] } };
    const container = { name: 'm', image: 'i', args: ['$(HOME)', '{{model.uri}}'] };
    const builder = anEndpoint('m').servingModel(uri, { name: 'm', model });
    const made = podOf(aBlueprint(builder, { runtime: aRuntime('r', { container }) }));
    expect(fetcherOf(made).args).toEqual([
      ...['--source', 'https://x.example/$$(TOKEN)', '--destination', '/mnt/models'],
      '--include=$$(TOKEN)',
    ]);
    expect(made.containers[0]!.args).toEqual(['$(HOME)', 'https://x.example/$$(TOKEN)']);
  });

  it('gives the fetcher what the server gets of the node, but no device, unless the runtime says otherwise', () => {
    const builder = iris.withWorkload({ type: 'GPU_SMALL' });
    const resources = { requests: { cpu: '4', memory: '16Gi' }, limits: { memory: '16Gi' } };
    expect(fetcherOf(podOf(aBlueprint(builder))).resources).toEqual(resources);
    const runtime = aRuntime('r', {
      fetcher: {
        name: 'f',
        image: 'i',
        resources: { limits: { memory: '1Gi' }, requests: { memory: '1Gi' } },
      },
    });
    expect(fetcherOf(podOf(aBlueprint(builder, { runtime }))).resources).toEqual({
      requests: { cpu: '4', memory: '1Gi' },
      limits: { memory: '1Gi' },
    });
  });

  it('gives the fetcher alone the credentials', () => {
    const model = { uri: 's3://b/m', credentials: { secretRef: { name: 's3-creds' } } };
    const made = podOf(aBlueprint(anEndpoint('iris').servingModel('s3://b/m', { name: 'm', model })));
    expect(fetcherOf(made).envFrom).toEqual([{ secretRef: { name: 's3-creds' } }]);
    expect(JSON.stringify(made.containers)).not.toContain('s3-creds');
  });

  it('gives them to the server where that fetches by itself, after its own', () => {
    const model = { uri: 'hf://org/m', credentials: { secretRef: { name: 'hf-token' } } };
    const runtime = aRuntime('r', {
      fetcher: undefined,
      container: { name: 'x', image: 'i', envFrom: [{ configMapRef: { name: 'own' } }] },
    });
    const made = podOf(aBlueprint(anEndpoint('m').servingModel('hf://org/m', { model }), { runtime }));
    expect(made.initContainers!.map(({ name }) => name)).toEqual(['sidecar']);
    expect(made.containers[0]!.envFrom).toEqual([
      { configMapRef: { name: 'own' } },
      { secretRef: { name: 'hf-token' } },
    ]);
  });

  it.each([
    ['pvc://models', {}],
    ['pvc://models/', {}],
    ['pvc://models/iris/v1/', { subPath: 'iris/v1' }],
  ])('mounts the claim of %s instead of fetching', (uri, subPath) => {
    const runtime = aRuntime('r', { modelDirectory: '/mnt/models/{{entity.name}}' });
    const made = podOf(aBlueprint(anEndpoint('iris').servingModel(uri, { name: 'iris-1' }), { runtime }));
    expect(made.initContainers!.map(({ name }) => name)).toEqual(['sidecar']);
    expect(made.volumes![0]).toEqual({
      name: 'model',
      persistentVolumeClaim: { claimName: 'models', readOnly: true },
    });
    expect(made.containers[0]!.volumeMounts).toEqual([
      { name: 'model', mountPath: '/mnt/models/iris-1', readOnly: true, ...subPath },
    ]);
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
    expect(sidecar!.env!.map(({ name }) => name)).toEqual([
      ...['POD_IP', 'POD_NAME', 'POD_UID'],
      ...['NODE_OPTIONS', 'MALLOC_ARENA_MAX', 'MALLOC_TRIM_THRESHOLD_'],
    ]);
    expect(pod.volumes).toEqual([
      { name: 'model', emptyDir: {} },
      { name: 'sidecar-config', configMap: { name: aBlueprint(iris).name } },
      { name: 'sidecar-tls', secret: { secretName: 'iris-sidecar-tls' } },
      { name: 'fetch-progress', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    ]);
  });

  it('has the fetcher tell the sidecar how far it is, and nobody else', () => {
    const mount = { name: 'fetch-progress', mountPath: '/run/fairlead/fetch' };
    const file = '/run/fairlead/fetch/progress.json';
    expect(fetcher!.env).toContainEqual({ name: 'FAIRLEAD_PROGRESS_FILE', value: file });
    expect(fetcher!.volumeMounts).toContainEqual(mount);
    expect(sidecar!.args!.slice(-2)).toEqual(['--fetch-progress', file]);
    expect(sidecar!.volumeMounts).toContainEqual({ ...mount, readOnly: true });
    expect(JSON.stringify(model)).not.toContain('fetch-progress');
  });

  it.each([
    ['the model is in a claim', podOf(aBlueprint(anEndpoint('iris').servingModel('pvc://models')))],
    [
      'the server fetches by itself',
      podOf(aBlueprint(iris, { runtime: aRuntime('r', { fetcher: undefined }) })),
    ],
  ])('has nothing to tell of where %s', (_where, made) => {
    expect(JSON.stringify(made)).not.toMatch(/fetch-progress|PROGRESS/);
  });

  it('has the model server asked through the sidecar, and drained before it ends', () => {
    expect(model).toMatchObject({
      args: ['--port', '8080'],
      startupProbe: { httpGet: { path: '/model/readyz', port: 9090 }, periodSeconds: 1 },
      livenessProbe: { httpGet: { path: '/model/livez', port: 9090 } },
      lifecycle: { preStop: { httpGet: { path: '/wait-for-drain', port: 9090 } } },
      resources: { requests: { cpu: '1', memory: '4Gi' } },
    });
  });

  it('leaves a request the time that it may take, and the server then the time to end', () => {
    const runtime = aRuntime('r', { modelServer: { shutdownSeconds: 45 } });
    const config = aConfig({ sidecar: { totalTimeout: '10m' } });
    const made = aBlueprint(iris, { runtime, config });
    expect(makeSidecarConfig(made).drain.maxMs).toBe(603_000);
    expect(podOf(made).terminationGracePeriodSeconds).toBe(603 + 45);
  });

  it('leaves a request the time that its endpoint gives it', () => {
    const patient = anEndpoint('iris').servingModel('models:/iris/1');
    const made = aBlueprint(patient.withSpec({ routing: { timeouts: { total: '10m', idle: '5s' } } }));
    const { drain, timeouts } = makeSidecarConfig(made);
    expect(timeouts).toMatchObject({ totalMs: 600_000, firstByteMs: 600_000, idleMs: 5_000 });
    expect(drain.maxMs).toBe(603_000);
    expect(podOf(made).terminationGracePeriodSeconds).toBeGreaterThan(603);
  });

  it('keeps its grace period where the endpoint gives requests less time', () => {
    const hasty = anEndpoint('iris').servingModel('models:/iris/1');
    const [usual, made] = [
      aBlueprint(hasty),
      aBlueprint(hasty.withSpec({ routing: { timeouts: { total: '5s' } } })),
    ];
    expect(podOf(made).terminationGracePeriodSeconds).toBe(podOf(usual).terminationGracePeriodSeconds);
    expect(makeSidecarConfig(made).timeouts.totalMs).toBe(5_000);
  });

  it('appends the arguments of the entity to those of the runtime', () => {
    const template = { spec: { containers: [{ name: 'model', args: ['--verbose'] }] } };
    const made = podOf(aBlueprint(anEndpoint('iris').servingModel('models:/iris/1', { template })));
    expect(made.containers[0]!.args).toEqual(['--port', '8080', '--verbose']);
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
    const made = aBlueprint(anEndpoint('iris').servingModel('models:/iris/1', { template }), { runtime });
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
    const made = aBlueprint(anEndpoint('iris').servingModel('models:/iris/1', { env }), { runtime });
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
    const made = podOf(aBlueprint(iris.withWorkload({ type: 'GPU_SMALL' }), { config }));
    expect(made).toMatchObject({ nodeSelector: { gpu: 't4' }, tolerations: [{ key: 'gpu' }] });
    expect(made.containers[0]!.resources).toMatchObject({ limits: { 'nvidia.com/gpu': '1' } });
  });

  it('lays the overlay of the workload type over the runtime and under the entity', () => {
    const overlay = (given: object) => ({ template: { spec: given } });
    const runtime = aRuntime('r', overlay({ priorityClassName: 'a', runtimeClassName: 'a', hostname: 'a' }));
    const config = aConfig({
      workloadTypes: {
        GPU_SMALL: { resources: {}, ...overlay({ priorityClassName: 'b', runtimeClassName: 'b' }) },
      },
    });
    const builder = anEndpoint('iris')
      .servingModel('models:/iris/1', overlay({ priorityClassName: 'c' }))
      .withWorkload({ type: 'GPU_SMALL' });
    expect(podOf(aBlueprint(builder, { runtime, config }))).toMatchObject({
      priorityClassName: 'c',
      runtimeClassName: 'b',
      hostname: 'a',
    });
  });
});
