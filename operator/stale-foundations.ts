/** Owns what makes the leader look after the foundations out of turn. */
import type { WebhookTrust } from './admission/webhook-trust.ts';
import type { OperatorConfig } from './config/operator-config.ts';
import { isMetricsApiMoved } from './foundations.ts';
import type { Foundations } from './foundations.ts';
import { isRotationAsked } from './rotation.ts';
import type { Informers } from './stores.ts';

export interface StaleFoundationsOptions {
  readonly config: Pick<OperatorConfig, 'systemNamespace'>;
  readonly informers: {
    readonly [Name in 'apiServices' | 'secrets' | 'endpoints']: Pick<Informers[Name], 'store' | 'onChange'>;
  };
  readonly webhookTrust: Pick<WebhookTrust, 'onLack'>;
}

type Laid = Pick<Foundations, 'scalingMode' | 'directNamespaces'>;

/** Starts to watch for it; returns how to end that. */
export function onStaleFoundations(
  options: StaleFoundationsOptions,
  foundations: () => Laid,
  listener: () => void,
): () => void {
  const { config, informers, webhookTrust } = options;
  const ends = [
    informers.apiServices.onChange(() => {
      if (isMetricsApiMoved(options, foundations())) listener();
    }),
    // Installed again, or after the operator: until they trust it, nobody can write an endpoint.
    webhookTrust.onLack(listener),
    informers.secrets.onChange(({ object }) => {
      if (isRotationAsked(object, config.systemNamespace)) listener();
    }),
    // Gateways need a certificate for the names of its Service.
    informers.endpoints.onChange(({ type, object: { spec, metadata } }) => {
      if (type === 'deleted' || !spec.routeOptimized) return;
      if (!foundations().directNamespaces.includes(metadata.namespace ?? '')) listener();
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}
