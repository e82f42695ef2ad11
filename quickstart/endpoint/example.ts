/** Owns the endpoint that the quickstart shows: the example that a person finds in the repository. */
import { join } from 'node:path';
import { readManifests } from '../cluster/manifests.ts';
import { applyManifests } from '../cluster/apply.ts';
import type { KubeClient } from '../../kube/client.ts';
import { repository } from '../settings.ts';

export const exampleRef = { name: 'iris', namespace: 'default' };

/** Applies `examples/iris.yaml` as it is. */
export async function applyExample(client: KubeClient): Promise<void> {
  await applyManifests(client, readManifests(join(repository, 'examples', 'iris.yaml')));
}
