/** Owns the proof that the chart renders what is committed, what its values promise, and pods that `restricted` admits. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Deployment } from '../../kube/kinds.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { parseManifests } from '../../quickstart/cluster/manifests.ts';
import { renderChart, renderedFolders, withHelm } from '../../tools/render-chart.ts';
import { hasGo } from '../../e2e/harness/go-program.ts';

const template = (...args: string[]): string[] => [
  ...['template', 'fairlead', 'charts/fairlead', '--namespace', 'fairlead-system'],
  ...args,
];

/** Runs helm, which `beforeAll` has seen to be there. */
const helm = (args: readonly string[]) =>
  withHelm((run) => run(args)).then((result) => {
    if ('missing' in result) throw new Error(result.missing);
    return result;
  });

async function render(...args: string[]): Promise<KubeObject[]> {
  const { exitCode, stdout, stderr } = await helm(template(...args));
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  return parseManifests(stdout, 'helm template');
}

const named = (objects: readonly KubeObject[], kind: string, name: string): KubeObject | undefined =>
  objects.find((object) => object.kind === kind && object.metadata?.name === name);

it('has the version of what it installs', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(load(readFileSync('charts/fairlead/Chart.yaml', 'utf8'))).toMatchObject({
    version,
    appVersion: version,
  });
});

// Without Go there is no helm to ask: everything below is skipped, and says so by its name.
describe.skipIf(!hasGo())('the chart, rendered by the stock helm (needs Go)', () => {
  beforeAll(() => withHelm(() => Promise.resolve()), 1_200_000);

  it('renders what is committed: `npm run generate` writes it', async () => {
    const rendered = await withHelm(renderChart);
    if ('missing' in rendered) throw new Error(rendered.missing);
    for (const [path, content] of rendered) {
      expect(existsSync(path) ? readFileSync(path, 'utf8') : undefined, path).toBe(content);
    }
    expect(globSync(renderedFolders).sort()).toEqual([...rendered.keys()].sort());
  });

  it('passes helm lint', async () => {
    const { exitCode, stdout } = await helm(['lint', '--strict', 'charts/fairlead']);
    expect(stdout).toContain('0 chart(s) failed');
    expect(exitCode).toBe(0);
  });

  it('installs the CRDs as they are in crds/, to stay when the release goes', async () => {
    const rendered = (await render()).filter(({ kind }) => kind === 'CustomResourceDefinition');
    const wanted = globSync('crds/*.yaml').flatMap((path) =>
      parseManifests(readFileSync(path, 'utf8'), path),
    );
    const byName = new Map(rendered.map((crd) => [crd.metadata?.name, crd]));
    expect(rendered).toHaveLength(wanted.length);
    for (const crd of wanted) {
      const found = byName.get(crd.metadata?.name ?? '');
      expect(found).toEqual({ ...crd, metadata: { ...crd.metadata, ...found?.metadata } });
      expect(found?.metadata?.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    }
  });

  it.each([
    ['a value that does not exist', 'gateway.replicaz=3', /replicaz/],
    ['a number that is a word', 'gateway.replicas=two', /replicas/],
    ['a setting that the operator does not know', 'operator.config.workerz=3', /workerz/],
    ['a setting that the chart itself makes', 'operator.config.podName=x', /podName/],
    ['a digest that is none', 'image.digest=latest', /digest/],
    ['an HTTPRoute that hangs on nothing', 'gateway.httpRoute.enabled=true', /parentRefs/],
    ['an Ingress without a host', 'gateway.ingress.enabled=true', /gateway\.ingress\.hosts/],
    ['a disruption budget of words', 'gateway.podDisruptionBudget.minAvailable=most', /minAvailable/],
    [
      'a disruption budget that lets no operator go',
      'operator.podDisruptionBudget.minAvailable=2',
      /operator\.podDisruptionBudget\.minAvailable is 2, which is all of the 2 replicas.*lower it, raise operator\.replicas/,
    ],
    [
      'a disruption budget of more gateways than there are',
      'gateway.replicas=3,gateway.podDisruptionBudget.minAvailable=4',
      /gateway\.podDisruptionBudget\.minAvailable is 4, which is all of the 3 replicas/,
    ],
    [
      'a disruption budget of everything',
      'gateway.podDisruptionBudget.minAvailable=100%',
      /gateway\.podDisruptionBudget\.minAvailable is 100%, which is all/,
    ],
    [
      'a disruption budget that is rounded up to all gateways',
      'gateway.podDisruptionBudget.minAvailable=51%',
      /gateway\.podDisruptionBudget\.minAvailable is 51%, which is all of the 2 replicas/,
    ],
  ])('refuses %s', async (_name, value, message) => {
    const { exitCode, stderr } = await helm(template('--set', value));
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(message);
  });

  it.each([
    ['as many replicas as stay, but one', 'gateway.replicas=3,gateway.podDisruptionBudget.minAvailable=2', 2],
    ['a share that is not all', 'gateway.replicas=3,gateway.podDisruptionBudget.minAvailable=66%', '66%'],
    ['none that has to stay', 'gateway.podDisruptionBudget.minAvailable=0', 0],
    ['one replica, which has no budget', 'gateway.replicas=1', undefined],
    [
      'a budget that is off, whatever it says',
      'gateway.podDisruptionBudget.enabled=false,gateway.podDisruptionBudget.minAvailable=9',
      undefined,
    ],
  ])('takes a disruption budget with %s', async (_name, values, minAvailable) => {
    const found = named(await render('--set', values), 'PodDisruptionBudget', 'fairlead-gateway');
    expect((found as { spec?: { minAvailable?: unknown } } | undefined)?.spec?.minAvailable).toBe(
      minAvailable,
    );
  });

  it('gives pods another checksum when their configuration changes', async () => {
    const checksumOf = async (...args: string[]) => {
      const deployment = named(await render(...args), 'Deployment', 'fairlead-operator') as Deployment;
      return deployment.spec?.template.metadata?.annotations?.['checksum/config'];
    };
    expect(await checksumOf('--set', 'operator.config.workers=8')).not.toBe(await checksumOf());
  });

  it('leaves out runtimes that are disabled, and lays changes over the others', async () => {
    const name = 'mlflow-python';
    const without = await render('--set', `runtimes.disabled={${name}}`);
    expect(named(without, 'ClusterServingRuntime', name)).toBeUndefined();
    const changed = await render('--set', `runtimes.overrides.${name}.container.image=mirror/x:1`);
    expect(named(changed, 'ClusterServingRuntime', name)).toMatchObject({
      spec: { container: { image: 'mirror/x:1', name: 'model' } },
    });
  });

  it.each(['fairlead-operator', 'fairlead-gateway', 'fairlead-api'])(
    'confines the pods of %s as `restricted` asks',
    async (name) => {
      const deployment = named(await render(), 'Deployment', name) as Deployment;
      const pod = deployment.spec?.template.spec;
      expect(pod?.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const { securityContext } of pod?.containers ?? []) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
      expect(Object.keys(pod ?? {})).not.toContain('hostNetwork');
    },
  );
});
