/** Owns the choice of a sidecar: the one served entity beside it. */
import type { Exchange, Stage } from '../../exchange.ts';

export interface LocalEntity {
  readonly servedEntity: string;
  readonly deployment: string;
  /** `namespace/name` of the endpoint. */
  readonly endpointLabel: string;
}

/** Returns the stage that chooses the local entity. */
export function makeServeLocally<E extends Exchange>(entity: () => LocalEntity): Stage<E> {
  return {
    name: 'choose',
    run: (exchange) => {
      const { servedEntity, deployment, endpointLabel } = entity();
      exchange.servedEntity = servedEntity;
      exchange.deployment = deployment;
      exchange.endpointLabel = endpointLabel;
      return true;
    },
  };
}
