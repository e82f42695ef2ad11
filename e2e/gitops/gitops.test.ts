/**
 * Owns the journey of a team that keeps its cluster in Git: what is applied again changes nothing, nobody else writes what
 * stands in Git, and the tools' own judges see every phase of an endpoint for what it is.
 */
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ServingEndpoint, ServingEndpointManifest } from '../../crds/schema/serving-endpoint.ts';
import type { KubeClient } from '../../kube/client.ts';
import { servingEndpoints } from '../../kube/kinds.ts';
import { clusterUnderTest, kubeClient } from '../harness/cluster-under-test.ts';
import { namespace } from '../harness/endpoints.ts';
import { eventually } from '../harness/eventually.ts';
import { buildGoProgram } from '../harness/go-program.ts';
import { makeKubectl } from '../harness/kubectl.ts';
import { judgeProgram } from '../harness/programs.ts';
import type { Kubectl } from '../harness/kubectl.ts';
import { makeGitOpsTool } from './gitops-tool.ts';
import type { GitOpsTool } from './gitops-tool.ts';
import { judge } from './judge.ts';

const name = 'from-git';
const build = inject('kubectl');
const managers = ['argocd-controller', 'kustomize-controller'] as const;

let client: KubeClient;
let kubectl: Kubectl;
let git: GitOpsTool;
let judgeProgramPath = '';
let missing: string | undefined = 'missing' in build ? build.missing : undefined;

beforeAll(async () => {
  client = kubeClient();
  const cluster = clusterUnderTest();
  kubectl = makeKubectl('path' in build ? build.path : '', cluster);
  git = makeGitOpsTool(kubectl);
  const judgeBuild = await buildGoProgram(judgeProgram, {
    logFile: join(cluster.scratch, 'judge.log'),
    signal: AbortSignal.timeout(600_000),
  });
  if ('path' in judgeBuild) judgeProgramPath = judgeBuild.path;
  else missing = judgeBuild.missing;
}, 700_000);
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});
afterAll(async () => {
  if (missing === undefined)
    await kubectl(['delete', 'servingendpoint', name, '--ignore-not-found', '--wait=false']);
});

interface ManagedFields {
  readonly manager?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

type Spec = ServingEndpointManifest['spec'];

/** The entity keeps its name from version to version: under another name each tool would have an entity of its own. */
const inGit = (
  uri: string,
  spec: Partial<Spec> = {},
  workload: Spec['servedEntities'][number]['workload'] = {},
) =>
  dump({
    apiVersion: 'serving.fairlead.dev/v1alpha1',
    kind: 'ServingEndpoint',
    metadata: { name, namespace },
    spec: { servedEntities: [{ name: 'iris', model: { uri }, workload }], ...spec },
  });

const read = (): Promise<ServingEndpoint> => client.get(servingEndpoints, { name, namespace });

/** Follows how the endpoint is judged until it is as wanted, and returns every judgement on the way: `kstatus/Argo CD`. */
async function follow(wanted: string): Promise<string[]> {
  const seen = new Set<string>();
  await eventually(
    `it is ${wanted}`,
    120_000,
    async () => {
      const endpoint = await read();
      const { kstatus, argo } = await judge(judgeProgramPath, endpoint);
      const judgement = `${kstatus.status}/${argo.status}`;
      seen.add(judgement);
      return { judgement, kstatus, argo, status: endpoint.status };
    },
    ({ judgement }) => judgement === wanted,
  );
  return [...seen];
}

const inProgress = 'InProgress/Progressing';
const good = 'Current/Healthy';

describe('an endpoint that two tools of GitOps apply', () => {
  it('is in progress, then good, when it is created; nothing of what is in Git was written by others', async () => {
    const manifest = inGit('models:/iris/1');
    for (const manager of managers) await git.apply(manifest, manager);
    expect(await follow(good)).toEqual([inProgress, good]);
    await git.expectNoDrift(manifest, managers);
    expect((await read()).metadata.generation).toBe(1);
    const { managedFields = [] } = (await read()).metadata as { managedFields?: ManagedFields[] };
    const others = managedFields.filter(({ manager = '' }) => !managers.some((one) => one === manager));
    for (const { fieldsV1 } of others) expect(Object.keys(fieldsV1 ?? {})).not.toContain('f:spec');
  });

  it('is in progress, then good, when it is updated', async () => {
    const manifest = inGit('models:/iris/2');
    for (const manager of managers) await git.apply(manifest, manager);
    expect(await follow(good)).toEqual([inProgress, good]);
    await git.expectNoDrift(manifest, managers);
  });

  it('has failed when an update fails, although the config before it answers; its spec stays as it is in Git', async () => {
    const manifest = inGit('models:/iris/999');
    for (const manager of managers) await git.apply(manifest, manager);
    expect(await follow('Failed/Degraded')).toEqual([inProgress, 'Failed/Degraded']);
    expect((await read()).status?.ready).toBe('True');
    await git.expectNoDrift(manifest, managers);
  });

  it('is good again when Git goes back, and good at zero', async () => {
    const manifest = inGit('models:/iris/2', {}, { scaleToZero: { enabled: true, idleAfter: '1s' } });
    for (const manager of managers) await git.apply(manifest, manager);
    await eventually('it is at zero', 120_000, read, ({ status }) =>
      (status?.servedEntities ?? []).some(({ state }) => state === 'ScaledToZero'),
    );
    await follow(good);
    await git.expectNoDrift(manifest, managers);
  });

  it('is where it should be when it is suspended', async () => {
    const manifest = inGit('models:/iris/2', { suspended: true });
    for (const manager of managers) await git.apply(manifest, manager);
    await follow('Current/Suspended');
    await git.expectNoDrift(manifest, managers);
  });

  it('is going while it is deleted', async () => {
    // Held back, so that there is something to look at.
    const hold = { metadata: { finalizers: ['example.org/hold'] } };
    await client.mergePatch(servingEndpoints, { name, namespace }, hold);
    await kubectl(['delete', 'servingendpoint', name, '--wait=false']);
    expect(await follow('Terminating/Progressing')).toContain('Terminating/Progressing');
    await client.mergePatch(servingEndpoints, { name, namespace }, { metadata: { finalizers: null } });
  });
});
