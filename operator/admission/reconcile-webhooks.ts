/** Owns what the webhook configurations say about us: the authorities that sign our certificate. The chart makes the rest. */
import type { JsonPatchOperation, KubeClient } from '../../kube/client.ts';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from '../../kube/kinds.ts';
import type { Logger } from '../../platform/logging.ts';
import { operatorServiceAccount } from '../certificates/system-certificates.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { fieldManager } from '../serving-endpoint/names.ts';

const configurationName = 'fairlead';

export interface WebhookKeeperOptions {
  readonly client: Pick<KubeClient, 'find' | 'jsonPatch'>;
  readonly config: Pick<OperatorConfig, 'systemNamespace'>;
  readonly log: Logger;
}

/**
 * Returns a function that gives the API server every authority that may have signed our serving certificate: also the
 * next one, before it signs. Where there is no configuration nobody asks us, which is said once. It throws ApiError.
 */
export function makeWebhookKeeper(options: WebhookKeeperOptions): (bundlePem: string) => Promise<void> {
  const { client, log } = options;
  const missing = new Set<string>();
  return async (bundlePem) => {
    const caBundle = Buffer.from(bundlePem).toString('base64');
    for (const kind of [validatingWebhookConfigurations, mutatingWebhookConfigurations]) {
      const ref = { name: configurationName };
      const found = await client.find(kind, ref);
      if (found === undefined && !missing.has(kind.kind)) {
        log.warn(
          { kind: kind.kind, name: configurationName },
          'no webhook configuration: writes are not judged before they are stored',
        );
        missing.add(kind.kind);
      }
      if (found === undefined) continue;
      missing.delete(kind.kind);
      const operations = planBundle(found.webhooks ?? [], caBundle, options.config.systemNamespace);
      if (operations.length === 0) continue;
      await client.jsonPatch(kind, ref, operations, { fieldManager });
      log.info({ kind: kind.kind }, 'webhook configuration trusts our authority');
    }
  };
}

interface Webhook {
  readonly name: string;
  readonly clientConfig: {
    readonly caBundle?: string;
    readonly service?: { readonly name: string; readonly namespace: string };
  };
}

/** Returns the patch that puts the bundle into each webhook that leads to our Service and has another one. */
export function planBundle(
  webhooks: readonly Webhook[],
  caBundle: string,
  systemNamespace: string,
): JsonPatchOperation[] {
  return webhooks.flatMap(({ name, clientConfig }, index) => {
    const { service } = clientConfig;
    const isOurs = service?.name === operatorServiceAccount && service.namespace === systemNamespace;
    if (!isOurs || clientConfig.caBundle === caBundle) return [];
    const path = `/webhooks/${index}`;
    return [
      // The list may have changed since it was read.
      { op: 'test', path: `${path}/name`, value: name },
      { op: 'add', path: `${path}/clientConfig/caBundle`, value: caBundle },
    ];
  });
}
