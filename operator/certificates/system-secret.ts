/** Owns the writing of Secrets that hold what cannot be made again: exactly the one that was read is replaced. */
import type { KubeClient } from '../../kube/client.ts';
import { secrets } from '../../kube/kinds.ts';
import type { Secret } from '../../kube/kinds.ts';
import { fieldManager } from '../serving-endpoint/names.ts';

/**
 * Creates the Secret, or replaces `observed`: two writers at once would split the cluster.
 *
 * @throws ApiError, a conflict where somebody else has written meanwhile.
 */
export async function writeSystemSecret(
  client: KubeClient,
  observed: Secret | undefined,
  wanted: Secret,
): Promise<void> {
  if (observed === undefined) {
    await client.create(secrets, wanted, { fieldManager });
    return;
  }
  const resourceVersion = observed.metadata?.resourceVersion;
  const metadata = { ...wanted.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  await client.replace(secrets, { ...wanted, metadata }, { fieldManager });
}
