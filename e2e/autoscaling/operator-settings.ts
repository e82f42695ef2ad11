/** Owns changing the operator's configuration for a journey, as a person does: the ConfigMap, then new pods. */
import { load } from 'js-yaml';
import type { KubeClient } from '../../kube/client.ts';
import { configMaps, pods } from '../../kube/kinds.ts';

const namespace = 'fairlead-system';
const ref = { name: 'fairlead-operator', namespace };
const file = 'config.yaml';

/** Sets settings of the section `scaling`, and returns what takes that back. */
export async function setScaling(
  client: KubeClient,
  scaling: Readonly<Record<string, unknown>>,
): Promise<() => Promise<void>> {
  const before = (await client.get(configMaps, ref)).data?.[file] ?? '{}';
  const config = load(before) as { readonly scaling?: object };
  const write = async (text: string): Promise<void> => {
    await client.mergePatch(configMaps, ref, { data: { [file]: text } });
    await restartOperators(client);
  };
  await write(JSON.stringify({ ...config, scaling: { ...config.scaling, ...scaling } }));
  return () => write(before);
}

/** Kills every operator; their Deployment makes others, which read the configuration that there is then. */
export async function restartOperators(client: KubeClient): Promise<void> {
  const { items } = await client.list(pods, {
    namespace,
    labelSelector: 'app.kubernetes.io/name=fairlead-operator',
  });
  if (items.length === 0) throw new Error('there is no operator');
  for (const { metadata } of items) {
    await client.delete(pods, { name: metadata?.name ?? '', namespace }, { gracePeriodSeconds: 0 });
  }
}
