/** Owns the part of an endpoint's spec that makes a config version: what is served, and who gets the traffic. */
import * as z from 'zod';
import { servedEntitySchema } from '../../crds/schema/served-entity.ts';
import { trafficRouteSchema } from '../../crds/schema/serving-endpoint.ts';
import type { ServingEndpointSpec } from '../../crds/schema/serving-endpoint.ts';
import { AppError } from '../../platform/errors.ts';
import { canonicalJson } from './canonical-json.ts';

const endpointConfigSchema = z.strictObject({
  servedEntities: z.array(servedEntitySchema).min(1),
  routes: z.array(trafficRouteSchema).min(1),
});

/** `routes` is always there: an endpoint with one entity and no traffic sends everything to it. */
export type EndpointConfig = z.output<typeof endpointConfigSchema>;

export interface ConfigVersion {
  readonly version: number;
  readonly config: EndpointConfig;
}

/** Returns the config that a spec asks for. */
export function configOf(spec: Pick<ServingEndpointSpec, 'servedEntities' | 'traffic'>): EndpointConfig {
  const { servedEntities, traffic } = spec;
  const everything = servedEntities.slice(0, 1).map(({ name }) => ({ servedEntity: name, percent: 100 }));
  return { servedEntities, routes: traffic?.routes ?? everything };
}

/**
 * Returns a config that was stored earlier; fields that the schema has gained since then get their defaults, so that
 * an upgrade of Fairlead alone makes no new config version.
 *
 * @throws AppError `CONFIG_VERSION_INVALID` naming the record and the field.
 */
export function parseConfig(data: unknown, revision: string): EndpointConfig {
  const parsed = endpointConfigSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new AppError(
    'CONFIG_VERSION_INVALID',
    `the ControllerRevision "${revision}" cannot be read: ${z.prettifyError(parsed.error)}; delete it to go on without that config version`,
  );
}

/** Returns whether two configs ask for the same; the order of entities and routes carries no meaning. */
export function sameConfig(left: EndpointConfig, right: EndpointConfig): boolean {
  return canonicalJson(unordered(left)) === canonicalJson(unordered(right));
}

function unordered(config: EndpointConfig): unknown {
  return {
    servedEntities: Object.fromEntries(config.servedEntities.map((entity) => [entity.name, entity])),
    routes: Object.fromEntries(config.routes.map((route) => [route.servedEntity, route.percent])),
  };
}
