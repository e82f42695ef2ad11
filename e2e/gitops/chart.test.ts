/** Owns the journey of the chart in Git: what a tool renders and applies, nobody changes, and applying it again changes nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import { dump, load } from 'js-yaml';
import { beforeEach, expect, inject, it } from 'vitest';
import { renderings } from '../../charts/codegen/renderings.ts';
import type { KubeClient } from '../../kube/client.ts';
import { configMaps, deployments, services } from '../../kube/kinds.ts';
import { machineAt } from '../../quickstart/cluster/install.ts';
import { parseManifests } from '../../quickstart/cluster/manifests.ts';
import { adaptManifests } from '../../quickstart/cluster/overlay.ts';
import type { Surroundings } from '../../quickstart/cluster/overlay.ts';
import { clusterUnderTest, kubeClient } from '../harness/cluster-under-test.ts';
import { makeHelm } from '../harness/helm.ts';
import { makeKubectl } from '../harness/kubectl.ts';
import { makeGitOpsTool } from './gitops-tool.ts';

const programs = { helm: inject('helm'), kubectl: inject('kubectl') };
const namespace = 'fairlead-system';
const manager = 'argocd-controller';

beforeEach((context) => {
  for (const program of Object.values(programs)) if ('missing' in program) context.skip(program.missing);
  if (process.env['E2E_KUBECONFIG'] !== undefined)
    context.skip('a cluster of others keeps its own installation');
});

/** What the cluster of the journeys was told when Fairlead was installed in it: it has no DNS. */
async function readSurroundings(client: KubeClient): Promise<Surroundings> {
  const { data } = await client.get(configMaps, { name: 'fairlead-operator', namespace });
  const config = load(data?.['config.yaml'] ?? '') as Record<string, string>;
  const { demandUrl = '', mlflowTrackingUri: trackingUri = '', publicUrl = '' } = config;
  const addressOf = async (name: string): Promise<string> =>
    (await client.get(services, { name, namespace })).spec?.clusterIP ?? '';
  const { hostname, port } = new URL(clusterUnderTest().gatewayUrl);
  const isOnMachine = hostname === '127.0.0.1';
  return {
    operatorIp: new URL(demandUrl).hostname,
    gatewayIp: await addressOf('fairlead-gateway-direct'),
    apiIp: await addressOf('fairlead-api'),
    trackingUri,
    publicUrl,
    ...(isOnMachine ? { machine: machineAt(Number(port)) } : {}),
  };
}

it('is applied over what is there, restarts nothing that has not changed, and drifts nowhere', async () => {
  const cluster = clusterUnderTest();
  const client = kubeClient();
  const [rendering] = renderings;
  const helm = makeHelm('path' in programs.helm ? programs.helm.path : '', cluster.scratch);
  const { stdout } = await helm(rendering?.args ?? []);
  const objects = adaptManifests(parseManifests(stdout, 'helm template'), await readSurroundings(client));
  const manifest = objects.map((object) => dump(object)).join('---\n');
  const generations = async (): Promise<unknown> => {
    const { items } = await client.list(deployments, { namespace });
    return items.map(({ metadata }) => [metadata?.name, metadata?.generation]);
  };
  const before = await generations();
  const git = makeGitOpsTool(makeKubectl('path' in programs.kubectl ? programs.kubectl.path : '', cluster));
  await git.apply(manifest, manager);
  expect(await generations()).toEqual(before);
  await git.expectNoDrift(manifest, [manager]);
  // Whoever would write over it has looked by then.
  await delay(5_000);
  await git.expectNoDrift(manifest, [manager]);
});
