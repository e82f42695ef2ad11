/** Owns the history of a Deployment's size, as a watch tells it. */
import type { KubeClient } from '../../kube/client.ts';
import { startInformer } from '../../kube/informer.ts';
import { deployments } from '../../kube/kinds.ts';
import { makeLogger } from '../../platform/logging.ts';
import { namespace } from '../harness/endpoints.ts';

/** Follows the wanted replicas of a Deployment from now on; `stop` returns each size that it had, in order. */
export async function followReplicas(
  client: KubeClient,
  name: string,
): Promise<{ stop(): Promise<readonly number[]> }> {
  const log = makeLogger({ process: 'e2e', level: 'silent' });
  const informer = startInformer({ transport: client.transport, kind: deployments, namespace, log });
  const sizes: number[] = [];
  informer.onChange(({ object }) => {
    const { replicas } = object.spec ?? {};
    if (object.metadata?.name === name && replicas !== undefined && replicas !== sizes.at(-1)) {
      sizes.push(replicas);
    }
  });
  await informer.synced;
  return {
    stop: async () => {
      await informer.stop();
      return sizes;
    },
  };
}
