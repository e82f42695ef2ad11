/** Owns the check that the cluster's own API server takes a pod of every built-in runtime: the operator has asked it. */
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KubeClient } from '../../kube/client.ts';
import { clusterServingRuntimes } from '../../kube/kinds.ts';
import { kubeClient } from '../harness/cluster-under-test.ts';
import { eventually } from '../harness/eventually.ts';

const names = globSync('*.yaml', { cwd: join(import.meta.dirname, '../../runtimes') }).map((path) =>
  basename(path, '.yaml'),
);

let client: KubeClient;
beforeAll(() => {
  client = kubeClient();
});
afterAll(() => client.transport.close());

it.each(names.sort())('%s is usable', async (name) => {
  const runtime = await eventually(
    `${name} is judged`,
    30_000,
    () => client.get(clusterServingRuntimes, { name }),
    ({ metadata, status }) => status?.observedGeneration === metadata.generation,
  );
  expect(runtime.status).toMatchObject({ ready: 'True', conditions: [{ reason: 'Usable', message: '' }] });
});
