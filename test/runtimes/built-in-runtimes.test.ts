/** Owns the check of the built-in runtimes: what each makes of a sample endpoint, and that a Kubernetes API takes it. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { dump, load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterServingRuntimeSchema } from '../../crds/schema/serving-runtime.ts';
import type { ClusterServingRuntime } from '../../crds/schema/serving-runtime.ts';
import { clusterServingRuntimes, deployments } from '../../kube/kinds.ts';
import { collectionPath } from '../../kube/resource.ts';
import { selectRuntime } from '../../operator/serving-runtime/select-runtime.ts';
import type { RuntimeCandidate } from '../../operator/serving-runtime/select-runtime.ts';
import { aBlueprint } from '../../operator/serving-endpoint/resources/blueprint-fixture.ts';
import type { Blueprint } from '../../operator/serving-endpoint/resources/blueprint.ts';
import { makeDeployment } from '../../operator/serving-endpoint/resources/make-deployment.ts';
import { makeSidecarConfig } from '../../operator/serving-endpoint/resources/make-sidecar-config-map.ts';
import { startWorld } from '../integration/harness/world.ts';
import type { World } from '../integration/harness/world.ts';
import { anEndpoint } from '../support/an-endpoint.ts';

const root = join(import.meta.dirname, '../..');

const runtimes: ReadonlyMap<string, ClusterServingRuntime> = new Map(
  globSync('runtimes/*.yaml', { cwd: root })
    .sort()
    .map((path) => {
      const runtime = clusterServingRuntimeSchema.parse(load(readFileSync(join(root, path), 'utf8')));
      expect(runtime.metadata.name).toBe(basename(path, '.yaml'));
      return [runtime.metadata.name, runtime];
    }),
);

const candidates: readonly RuntimeCandidate[] = [...runtimes.values()].map(({ metadata, spec }) => ({
  name: metadata.name,
  scope: 'cluster',
  generation: 1,
  createdAt: '2026-01-01T00:00:00Z',
  spec,
}));

interface Sample {
  readonly runtime: string;
  readonly sentence: string;
  readonly uri: string;
  readonly model: Readonly<Record<string, unknown>>;
  readonly workloadType: string;
}

const samples: readonly Sample[] = [
  {
    runtime: 'mlflow-python',
    sentence: 'an MLflow model',
    uri: 'models:/wine/3',
    model: {},
    workloadType: 'CPU',
  },
  {
    runtime: 'vllm',
    sentence: 'a chat model over two GPUs',
    uri: 'hf://Qwen/Qwen3-8B',
    model: { format: { name: 'huggingface' }, task: 'llm/v1/chat' },
    workloadType: 'GPU_LARGE_2',
  },
  {
    runtime: 'tei',
    sentence: 'an embedding model, fetched with a token',
    uri: 'hf://BAAI/bge-m3',
    model: {
      format: { name: 'huggingface' },
      runtime: 'tei',
      task: 'llm/v1/embeddings',
      credentials: { secretRef: { name: 'hf-token' } },
    },
    workloadType: 'CPU_MEDIUM',
  },
  {
    runtime: 'tei-cuda',
    sentence: 'an embedding model on a GPU of another generation than the image is for',
    uri: 'hf://BAAI/bge-m3',
    model: { format: { name: 'huggingface' }, runtime: 'tei-cuda', runtimeVersion: '89-1.9.4' },
    workloadType: 'GPU_SMALL',
  },
  {
    runtime: 'llama-cpp',
    sentence: 'a GGUF file in a volume',
    uri: 'pvc://models/qwen3-8b',
    model: { format: { name: 'gguf' } },
    workloadType: 'CPU_LARGE',
  },
  {
    runtime: 'triton',
    sentence: 'an ONNX model',
    uri: 's3://models/resnet50',
    model: { format: { name: 'onnx' }, protocol: 'v2' },
    workloadType: 'GPU_SMALL',
  },
];

function blueprintOf({ runtime: name, uri, model, workloadType }: Sample): Blueprint {
  const entity = { name: `${name}-1`, model: { uri, ...model } };
  const builder = anEndpoint('sample').servingModel(uri, entity).withWorkload({ type: workloadType });
  const choice = selectRuntime(candidates, {
    model: builder.build().spec.servedEntities[0]!.model!,
    workloadType,
  });
  if (!('runtime' in choice)) throw new Error(choice.message);
  return aBlueprint(builder, { runtime: choice.runtime });
}

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

/** Fields that the API does not know are refused, which a server-side apply of the operator would only drop. */
const check = (path: string, body: unknown) =>
  world.client.transport.request({
    method: 'POST',
    path,
    query: { dryRun: 'All', fieldValidation: 'Strict' },
    body,
  });

describe('the built-in runtimes', () => {
  it('have a sample each', () => {
    expect(samples.map(({ runtime }) => runtime).sort()).toEqual([...runtimes.keys()].sort());
  });

  it('are accepted by the API server as they are written', async () => {
    const path = collectionPath(clusterServingRuntimes, undefined);
    for (const name of runtimes.keys()) {
      const written = load(
        readFileSync(join(root, 'runtimes', `${name}.yaml`), 'utf8'),
      ) as ClusterServingRuntime;
      const metadata = { ...written.metadata, name: `checked-${name}` };
      await expect(check(path, { ...written, metadata })).resolves.toBeDefined();
    }
  });

  it.each([...runtimes.values()].map(({ metadata, spec }) => [metadata.name, spec] as const))(
    '%s has an image of one version',
    (_name, { container }) => {
      expect(container.image).toMatch(/:(?!latest$)[^:/]*[0-9]|:dev$/);
    },
  );
});

describe.each(samples)('$runtime, serving $sentence', (sample) => {
  const deployment = makeDeployment(blueprintOf(sample));
  const { metadata, spec: pod } = deployment.spec!.template;
  const containers = [...(pod!.initContainers ?? []), ...pod!.containers];

  it('is chosen', () => {
    expect(blueprintOf(sample).runtime.name).toBe(sample.runtime);
  });

  it('makes the pod, and the configuration of its sidecar, that were reviewed', async () => {
    const { modelServer } = makeSidecarConfig(blueprintOf(sample));
    const reviewed = [{ metadata, spec: pod }, { modelServer }].map((part) =>
      dump(part, { lineWidth: 110, noRefs: true }),
    );
    await expect(reviewed.join('---\n')).toMatchFileSnapshot(`goldens/${sample.runtime}.yaml`);
  });

  it('makes a Deployment that the API server accepts, every field of it', async () => {
    const { ownerReferences: _owner, ...objectMeta } = deployment.metadata!;
    const body = { apiVersion: 'apps/v1', kind: 'Deployment', ...deployment, metadata: objectMeta };
    await expect(check(collectionPath(deployments, 'default'), body)).resolves.toBeDefined();
  });

  it('passes Pod Security `restricted`', () => {
    expect(pod!.securityContext).toMatchObject({ seccompProfile: { type: 'RuntimeDefault' } });
    for (const { securityContext } of containers) {
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
      expect(securityContext!.runAsUser).not.toBe(0);
    }
  });

  it('mounts only volumes that there are, and every volume', () => {
    const mounted = new Set(
      containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)),
    );
    const hasFetcher = containers.some(({ name }) => name === 'fetch-model');
    const volumes = pod!.volumes!.map(({ name }) => name).filter((name) => hasFetcher || name !== 'scratch');
    expect([...mounted].sort()).toEqual(volumes.sort());
  });

  it('listens on localhost alone', () => {
    const said = JSON.stringify(pod!.containers[0]);
    expect(said).toContain('127.0.0.1');
    expect(said).not.toContain('0.0.0.0');
  });
});
