/** Owns what the webhook configurations say about us: the authorities that sign our certificate. The chart makes the rest. */
import type { JsonPatchOperation, KubeClient } from '../../kube/client.ts';
import type { Informer } from '../../kube/informer.ts';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from '../../kube/kinds.ts';
import type { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from '../../kube/kinds.ts';
import type { Logger } from '../../platform/logging.ts';
import { operatorServiceAccount } from '../certificates/system-names.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { fieldManager } from '../serving-endpoint/names.ts';

export const webhookConfigurationName = 'fairlead';

type Followed<Type extends object> = Pick<Informer<Type>, 'store' | 'onChange'>;

export interface WebhookTrustOptions {
  readonly client: Pick<KubeClient, 'jsonPatch'>;
  readonly stores: {
    readonly validatingWebhooks: Followed<ValidatingWebhookConfiguration>;
    readonly mutatingWebhooks: Followed<MutatingWebhookConfiguration>;
  };
  readonly config: Pick<OperatorConfig, 'systemNamespace'>;
  readonly log: Logger;
}

/**
 * Keeps the API server's trust in our serving certificate: every authority that may have signed it, also the next one
 * before it signs. Where there is no configuration nobody asks us, which is said once.
 */
export class WebhookTrust {
  readonly #options: WebhookTrustOptions;
  readonly #missing = new Set<string>();
  #caBundle: string | undefined;

  constructor(options: WebhookTrustOptions) {
    this.#options = options;
  }

  /** @throws ApiError. */
  async reconcile(bundlePem: string): Promise<void> {
    const { client, log } = this.#options;
    this.#caBundle = Buffer.from(bundlePem).toString('base64');
    const ref = { name: webhookConfigurationName };
    for (const { kind, webhooks } of this.#configurations()) {
      this.#tellOnceWhereMissing(kind.kind, webhooks === undefined);
      const operations = this.#plan(webhooks);
      if (operations.length === 0) continue;
      await client.jsonPatch(kind, ref, operations, { fieldManager });
      log.info({ kind: kind.kind }, 'webhook configuration trusts our authority');
    }
  }

  /** Calls back when a configuration comes to lack our authority. Returns how to end that. */
  onLack(listener: () => void): () => void {
    const look = (): void => {
      if (this.#configurations().some(({ webhooks }) => this.#plan(webhooks).length > 0)) listener();
    };
    const { validatingWebhooks, mutatingWebhooks } = this.#options.stores;
    const ends = [validatingWebhooks.onChange(look), mutatingWebhooks.onChange(look)];
    return () => {
      for (const end of ends) end();
    };
  }

  #configurations() {
    const { validatingWebhooks, mutatingWebhooks } = this.#options.stores;
    return [
      {
        kind: validatingWebhookConfigurations,
        webhooks: webhooksOf(validatingWebhooks.store.get(webhookConfigurationName)),
      },
      {
        kind: mutatingWebhookConfigurations,
        webhooks: webhooksOf(mutatingWebhooks.store.get(webhookConfigurationName)),
      },
    ];
  }

  #plan(webhooks: readonly Webhook[] | undefined): JsonPatchOperation[] {
    if (this.#caBundle === undefined) return [];
    return planBundle(webhooks ?? [], this.#caBundle, this.#options.config.systemNamespace);
  }

  #tellOnceWhereMissing(kind: string, isMissing: boolean): void {
    if (!isMissing) this.#missing.delete(kind);
    else if (!this.#missing.has(kind)) {
      this.#missing.add(kind);
      const about = { kind, name: webhookConfigurationName };
      this.#options.log.warn(about, 'no webhook configuration: writes are not judged before they are stored');
    }
  }
}

interface Webhook {
  readonly name: string;
  readonly clientConfig: {
    readonly caBundle?: string;
    readonly service?: { readonly name: string; readonly namespace: string };
  };
}

const webhooksOf = (configuration: { webhooks?: Webhook[] } | undefined): readonly Webhook[] | undefined =>
  configuration === undefined ? undefined : (configuration.webhooks ?? []);

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
