/** Owns the builder of ServingEndpoints for tests: each step returns a new builder, `build()` what the API server would. */
import { apiVersion } from '../../crds/schema/api.ts';
import type { Condition } from '../../crds/schema/condition.ts';
import type {
  ServingEndpoint,
  ServingEndpointManifest,
  ServingEndpointStatus,
} from '../../crds/schema/serving-endpoint.ts';
import { servingEndpointSchema } from '../../crds/schema/serving-endpoint.ts';

type Manifest = ServingEndpointManifest;
type Spec = Manifest['spec'];
type Entity = Spec['servedEntities'][number];
type Workload = NonNullable<Entity['workload']>;

export interface EndpointBuilder {
  inNamespace(namespace: string): EndpointBuilder;
  /** Adds a served entity; `models:/iris/1` is called `iris-1` unless `entity` says otherwise. */
  servingModel(uri: string, entity?: Partial<Entity>): EndpointBuilder;
  /** Changes the workload of every entity added so far. */
  withWorkload(workload: Workload): EndpointBuilder;
  /** Lets every entity added so far go to zero after a time without requests, e.g. `10s`. */
  withScaleToZero(idleAfter: string): EndpointBuilder;
  /** Percent by name of the served entity. */
  withRoutes(percents: Readonly<Record<string, number>>): EndpointBuilder;
  withSpec(spec: Partial<Spec>): EndpointBuilder;
  withMetadata(metadata: Partial<Manifest['metadata']>): EndpointBuilder;
  withStatus(status: ServingEndpointStatus): EndpointBuilder;
  withCondition(
    condition: Pick<Condition, 'type' | 'status' | 'reason'> & Partial<Condition>,
  ): EndpointBuilder;
  /** Returns the object as a person writes it. */
  manifest(): Manifest;
  /**
   * Returns the object as the API server returns it: defaults filled in.
   *
   * @throws ZodError where the schema refuses it.
   */
  build(): ServingEndpoint;
}

/**
 * @example
 * anEndpoint('iris').servingModel('models:/iris/1').withScaleToZero('10s').build();
 */
export function anEndpoint(name: string): EndpointBuilder {
  return builderOf({
    apiVersion,
    kind: 'ServingEndpoint',
    metadata: { name, namespace: 'default', uid: `uid-of-${name}`, generation: 1 },
    spec: { servedEntities: [] },
  });
}

function builderOf(manifest: Manifest): EndpointBuilder {
  const { metadata, spec, status } = manifest;
  const withSpec = (change: Partial<Spec>): EndpointBuilder =>
    builderOf({ ...manifest, spec: { ...spec, ...change } });
  const withMetadata = (change: Partial<Manifest['metadata']>): EndpointBuilder =>
    builderOf({ ...manifest, metadata: { ...metadata, ...change } });
  const withWorkload = (workload: Workload): EndpointBuilder =>
    withSpec({
      servedEntities: spec.servedEntities.map((entity) => ({
        ...entity,
        workload: { ...entity.workload, ...workload },
      })),
    });
  return {
    inNamespace: (namespace) => withMetadata({ namespace }),
    servingModel: (uri, entity = {}) =>
      withSpec({
        servedEntities: [...spec.servedEntities, { name: nameOf(uri), model: { uri }, ...entity }],
      }),
    withWorkload,
    withScaleToZero: (idleAfter) => withWorkload({ scaleToZero: { enabled: true, idleAfter } }),
    withRoutes: (percents) =>
      withSpec({
        traffic: {
          routes: Object.entries(percents).map(([servedEntity, percent]) => ({ servedEntity, percent })),
        },
      }),
    withSpec,
    withMetadata,
    withStatus: (change) => builderOf({ ...manifest, status: { ...status, ...change } }),
    withCondition: (condition) =>
      builderOf({
        ...manifest,
        status: { ...status, conditions: [...(status?.conditions ?? []), { ...anyCondition, ...condition }] },
      }),
    manifest: () => manifest,
    build: () => servingEndpointSchema.parse(manifest),
  };
}

const anyCondition = { lastTransitionTime: '2026-01-01T00:00:00Z', message: '' };

/** `models:/iris/1` is `iris-1`, whatever else the URI holds. */
function nameOf(uri: string): string {
  const parts = uri.split(/[/@:]+/).filter((part) => part !== '');
  return parts
    .slice(-2)
    .join('-')
    .replaceAll(/[^A-Za-z0-9_-]/g, '-');
}
