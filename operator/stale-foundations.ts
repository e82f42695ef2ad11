/** Owns what makes the leader look after the foundations out of turn. */
import { isMetricsApiMoved } from './foundations.ts';
import type { Foundations, FoundationsOptions } from './foundations.ts';
import { isRotationAsked } from './rotation.ts';

/** Starts to watch for it; returns how to end that. */
export function onStaleFoundations(
  options: FoundationsOptions,
  foundations: () => Foundations,
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
    informers.endpoints.onChange(({ object: { spec, metadata } }) => {
      const { directNamespaces } = foundations();
      if (spec.routeOptimized && !directNamespaces.includes(metadata.namespace ?? '')) listener();
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}
