/**
 * Owns the life of a release on clusters that know nothing of Fairlead yet: installed, upgraded, taken back, removed,
 * installed again, upgraded from the chart before. They have no nodes: what pods do is the matter of the other journeys.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { startApiServer } from '../../devcluster/apiserver/server.ts';
import { makeKubeconfig } from '../../devcluster/kubeconfig.ts';
import { makeLogger } from '../../platform/logging.ts';
import { clusterUnderTest } from '../harness/cluster-under-test.ts';
import { buildGoProgram } from '../harness/go-program.ts';
import { checkOwnNetwork, inOwnNetwork } from '../harness/network-namespace.ts';
import { controlPlaneProgram } from '../harness/programs.ts';
import { runProgram } from '../harness/run-program.ts';
import type { ProgramResult } from '../harness/run-program.ts';

const programs = { helm: inject('helm'), kubectl: inject('kubectl') };
const inSystem = '--namespace fairlead-system';
const chart = 'charts/fairlead';
const chartBefore = 'test/fixtures/charts/fairlead-0.1.0.tgz';
const kept = [
  'clusterservingruntimes.serving.fairlead.dev',
  'servingendpoints.serving.fairlead.dev',
  'servingruntimes.serving.fairlead.dev',
].map((name) => `customresourcedefinition.apiextensions.k8s.io/${name}`);

const ofProcesses =
  'deployments,services,configmaps,roles,rolebindings,networkpolicies,poddisruptionbudgets,serviceaccounts';
const ofCluster = 'clusterroles,clusterrolebindings,priorityclasses,apiservices,customresourcedefinitions';
const ours = '-l app.kubernetes.io/part-of=fairlead -o name';

/** The steps of the story, in their order. */
const steps = {
  install: `helm install fairlead ${chart} ${inSystem} --create-namespace`,
  runtimes: 'kubectl get clusterservingruntimes -o name',
  upgrade: `helm upgrade fairlead ${chart} ${inSystem} --set gateway.replicas=3`,
  gateways: `kubectl get deployment fairlead-gateway ${inSystem} -o jsonpath={.spec.replicas}`,
  endpoint: 'kubectl apply -f examples/iris.yaml',
  rollback: `helm rollback fairlead 1 ${inSystem}`,
  runtimesAfterRollback: 'kubectl get clusterservingruntimes -o name',
  uninstall: `helm uninstall fairlead ${inSystem}`,
  leftOfProcesses: `kubectl get ${ofProcesses} ${inSystem} ${ours}`,
  leftOfCluster: `kubectl get ${ofCluster} ${ours}`,
  leftOfEndpoints: 'kubectl get servingendpoints -o name',
  installBefore: `helm install fairlead ${chartBefore} ${inSystem}`,
  upgradeFromBefore: `helm upgrade fairlead ${chart} ${inSystem}`,
  runtimesAfterUpgrade: 'kubectl get clusterservingruntimes -o name',
  uninstallAgain: `helm uninstall fairlead ${inSystem}`,
};

type Step = keyof typeof steps;
type Report = Record<Step, ProgramResult>;

/** Returns the command lines of all steps, with the programs that this run has built. */
const commands = (): [string, ...string[]][] =>
  Object.values(steps).map((step) => {
    const [name, ...args] = step.split(' ');
    const program = name === 'helm' ? programs.helm : programs.kubectl;
    return ['path' in program ? program.path : '', ...args];
  });

const reportOf = (results: readonly ProgramResult[]): Report =>
  Object.fromEntries(Object.keys(steps).map((step, index) => [step, results[index]])) as Report;

const newFolder = (): string => mkdtempSync(join(clusterUnderTest().scratch, 'release-'));

async function onEmbeddedApiServer(): Promise<Report> {
  const dir = newFolder();
  const api = await startApiServer({
    stateDir: join(dir, 'state'),
    address: { host: '127.0.0.1', port: 0 },
    log: makeLogger({ process: 'api', level: 'silent' }),
  });
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(makeKubeconfig(api)), { mode: 0o600 });
  const env = { KUBECONFIG: kubeconfig, KUBECACHEDIR: join(dir, 'kubectl'), HOME: dir };
  const results: ProgramResult[] = [];
  for (const [path, ...args] of commands()) results.push(await runProgram(path, args, { env }));
  await api.stop();
  return reportOf(results);
}

async function onRealControlPlane(): Promise<Report> {
  const dir = newFolder();
  const build = await buildGoProgram(controlPlaneProgram, {
    logFile: join(dir, 'go.log'),
    signal: AbortSignal.timeout(1_200_000),
  });
  if ('missing' in build) throw new Error(build.missing);
  mkdirSync(join(dir, 'cluster'));
  const [unshare, ...args] = inOwnNetwork([
    process.execPath,
    join(import.meta.dirname, 'on-own-control-plane.ts'),
    build.path,
    join(dir, 'cluster'),
  ]);
  const result = await runProgram(unshare, args, { env: {}, input: JSON.stringify(commands()) });
  if (result.exitCode !== 0) throw new Error(`the control plane of its own failed: ${result.stderr}`);
  return reportOf(JSON.parse(result.stdout) as ProgramResult[]);
}

/** Returns why the stories cannot be told on this machine, or undefined. */
function missing(isReal: boolean): string | undefined {
  for (const program of Object.values(programs)) if ('missing' in program) return program.missing;
  if (!isReal) return undefined;
  if (process.env['E2E_TARGET'] !== 'control-plane') return 'this run uses no real control plane';
  return checkOwnNetwork();
}

describe.each([
  { where: 'the embedded API server', isReal: false, tell: onEmbeddedApiServer },
  { where: 'a real control plane', isReal: true, tell: onRealControlPlane },
])('a release on $where', ({ isReal, tell }) => {
  const why = missing(isReal);
  let report: Report;
  beforeAll(async () => {
    if (why === undefined) report = await tell();
  }, 1_300_000);
  const test = (name: string, check: () => void): void => {
    it(name, (context) => {
      if (why !== undefined) context.skip(why);
      check();
    });
  };
  const done = (step: Step): string => {
    expect(report[step], `${step}: ${report[step].stderr}`).toMatchObject({ exitCode: 0 });
    return report[step].stdout;
  };
  const names = (step: Step): string[] => done(step).split('\n').filter(Boolean).sort();

  test('is installed at once, its CRDs and their first objects too, and tells the next step', () => {
    expect(done('install')).toMatch(/is installed in the namespace fairlead-system[^]*kubectl wait/);
    expect(names('runtimes')).toContain('clusterservingruntime.serving.fairlead.dev/mlflow-python');
  });

  test('is upgraded, and taken back with its runtimes', () => {
    done('upgrade');
    expect(done('gateways')).toBe('3');
    done('rollback');
    expect(names('runtimesAfterRollback')).toEqual(names('runtimes'));
  });

  test('goes and leaves the CRDs and what people made of them', () => {
    done('endpoint');
    done('uninstall');
    expect(names('leftOfProcesses')).toEqual([]);
    expect(names('leftOfCluster')).toEqual(kept);
    expect(names('leftOfEndpoints')).toEqual(['servingendpoint.serving.fairlead.dev/iris']);
  });

  test('is installed where CRDs were left, and upgraded from the chart before', () => {
    done('installBefore');
    done('upgradeFromBefore');
    expect(names('runtimesAfterUpgrade')).toEqual(names('runtimes'));
    done('uninstallAgain');
  });
});
