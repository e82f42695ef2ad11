/** Owns the journey of the person with kubectl: the stock client does on any cluster with Fairlead what its manual says. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { dump } from 'js-yaml';
import { clusterUnderTest } from '../harness/cluster-under-test.ts';
import { anEndpoint } from '../harness/endpoints.ts';
import { makeKubectl } from '../harness/kubectl.ts';
import type { Kubectl } from '../harness/kubectl.ts';

const build = inject('kubectl');
const name = 'by-kubectl';
const endpoint = anEndpoint(name, 'models:/iris/1');
const manifest = dump({ ...endpoint, spec: { ...endpoint.spec, description: 'before' } });

describe('the stock kubectl', () => {
  let kubectl: Kubectl;
  beforeAll(() => {
    kubectl = makeKubectl('path' in build ? build.path : '', clusterUnderTest());
  });
  beforeEach((context) => {
    if ('missing' in build) context.skip(build.missing);
  });
  afterAll(async () => {
    if ('path' in build) await kubectl(['delete', 'servingendpoint', name, '--ignore-not-found']);
  });

  /** Runs a command that has to succeed and returns what it printed. */
  const done = async (...words: readonly string[]): Promise<string> => {
    const result = await kubectl(words);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    return result.stdout;
  };

  it('applies an endpoint from the client’s side; doing so again changes nothing', async () => {
    expect(await kubectl(['apply', '-f', '-'], manifest)).toMatchObject({
      exitCode: 0,
      stdout: `servingendpoint.serving.fairlead.dev/${name} created\n`,
    });
    // kubectl compares lists as a whole, so that it sends what the API server has defaulted inside of one again.
    expect(await kubectl(['apply', '-f', '-'], manifest)).toMatchObject({ exitCode: 0 });
    expect(await done('get', 'sep', name, '-o', 'jsonpath={.metadata.generation}')).toBe('1');
  });

  it('applies a ConfigMap of a built-in kind by strategic merge', async () => {
    const configMap = (data: Record<string, string>): string =>
      dump({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'by-kubectl' }, data });
    expect((await kubectl(['apply', '-f', '-'], configMap({ a: '1', b: '2' }))).stdout).toBe(
      'configmap/by-kubectl created\n',
    );
    expect((await kubectl(['apply', '-f', '-'], configMap({ a: '1', c: '3' }))).stdout).toBe(
      'configmap/by-kubectl configured\n',
    );
    expect(await done('get', 'configmap', 'by-kubectl', '-o', 'jsonpath={.data}')).toBe('{"a":"1","c":"3"}');
    expect(await done('delete', 'configmap', 'by-kubectl')).toMatch(/configmap "by-kubectl" deleted/);
  });

  it('applies server-side, and names the other manager in a conflict', async () => {
    const changed = manifest.replace('before', 'after');
    const another = ['apply', '--server-side', '--field-manager=another', '-f', '-'];
    const conflict = await kubectl(another, changed);
    expect(conflict.exitCode).not.toBe(0);
    expect(conflict.stderr).toMatch(/conflict.*kubectl-client-side-apply/s);
    // kubectl itself takes over what it has applied from the client's side.
    const own = await kubectl(['apply', '--server-side', '-f', '-'], changed);
    expect(own, own.stderr).toMatchObject({
      exitCode: 0,
      stdout: `servingendpoint.serving.fairlead.dev/${name} serverside-applied\n`,
    });
    expect(await done('get', 'sep', name, '-o', 'jsonpath={.spec.description}')).toBe('after');
  });

  it('waits until the endpoint is Ready', async () => {
    expect(await done('wait', '--for=condition=Ready', `sep/${name}`, '--timeout=90s')).toBe(
      `servingendpoint.serving.fairlead.dev/${name} condition met\n`,
    );
  });

  it('lists endpoints in columns for people', async () => {
    const [header, row] = (await done('get', 'sep', name, '-o', 'wide')).split('\n');
    expect(header).toMatch(/^NAME\s+READY\s+.*URL.*AGE/);
    expect(row).toMatch(new RegExp(`^${name}\\s+True\\s+.*/serving-endpoints/${name}/invocations`));
  });

  it('lists built-in kinds in their own columns', async () => {
    expect(await done('get', 'deployments', '-l', `serving.fairlead.dev/endpoint=${name}`)).toMatch(
      new RegExp(
        `^NAME\\s+READY\\s+UP-TO-DATE\\s+AVAILABLE\\s+AGE\\n${name}-[0-9a-f]{10}\\s+1/1\\s+1\\s+1\\s`,
      ),
    );
    expect(await done('get', 'pods', '-o', 'wide', '-l', `serving.fairlead.dev/endpoint=${name}`)).toMatch(
      /^NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE\s+IP\s+NODE.*\n\S+\s+2\/2\s+Running\s/,
    );
  });

  it('describes an endpoint with its conditions and events', async () => {
    const text = await done('describe', 'sep', name);
    expect(text).toMatch(/Kind:\s+ServingEndpoint/);
    expect(text).toMatch(/Type:\s+Ready/);
    expect(text).toMatch(/Events:/);
  });

  it('describes a pod with its containers and events', async () => {
    const text = await done('describe', 'pod', '-l', `serving.fairlead.dev/endpoint=${name}`);
    expect(text).toMatch(/Init Containers:\s+sidecar:/);
    expect(text).toMatch(/Containers:\s+model:/);
    expect(text).toMatch(/Ready\s+True/);
  });

  it('prints the logs of a container', async () => {
    const logs = await done(
      'logs',
      '-l',
      `serving.fairlead.dev/endpoint=${name}`,
      '-c',
      'model',
      '--tail=50',
    );
    expect(logs).toMatch(/"message": ?"listening"/);
  });

  it('explains the fields of the API', async () => {
    const text = await done('explain', 'servingendpoint.spec.servedEntities.workload');
    expect(text).toMatch(/KIND:\s+ServingEndpoint/);
    expect(text).toMatch(/scaleToZero\s+<Object>/);
  });

  it('follows the rollout of a Deployment', async () => {
    const deployment = (
      await done('get', 'deploy', '-l', `serving.fairlead.dev/endpoint=${name}`, '-o', 'name')
    ).trim();
    expect(await done('rollout', 'status', deployment, '--timeout=60s')).toMatch(/successfully rolled out/);
  });

  it('scales with kubectl’s own verb only what is there', async () => {
    const result = await kubectl(['scale', 'deployment/no-such', '--replicas=1']);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/not found/);
  });

  it('deletes an endpoint and waits until it is gone', async () => {
    expect(await done('delete', 'sep', name)).toMatch(new RegExp(`"${name}" deleted`));
    expect((await kubectl(['get', 'sep', name])).stderr).toMatch(/NotFound/);
  });
});
