/** Owns blueprints for tests: of the first entity of an endpoint, with a runtime for MLflow models. */
import { pauseOf } from '../../../core/scaling/pause.ts';
import { scalingRulesOf } from '../../../core/scaling/scaling-rules.ts';
import type { EndpointBuilder } from '../../../test/support/an-endpoint.ts';
import { aConfig, aRuntime } from '../../operator-fixture.ts';
import { deploymentName } from '../names.ts';
import type { Blueprint, ModelEntity } from './blueprint.ts';

/** Returns the blueprint, with what is given in place of what it would have. */
export function aBlueprint(builder: EndpointBuilder, given: Partial<Blueprint> = {}): Blueprint {
  const { metadata, spec } = builder.build();
  const entity = spec.servedEntities[0] as ModelEntity;
  const config = given.config ?? aConfig({ mlflowTrackingUri: 'http://mlflow:5000' });
  const hardware = config.workloadTypes[entity.workload.type];
  if (hardware === undefined) throw new Error(`no workload type ${entity.workload.type}`);
  return {
    endpoint: { namespace: metadata.namespace ?? '', name: metadata.name, uid: metadata.uid ?? '' },
    entity,
    name: deploymentName(metadata.name, entity),
    configVersion: 3,
    runtime: aRuntime('mlflow-python'),
    hardware,
    rateLimits: spec.rateLimits ?? [],
    timeouts: spec.routing?.timeouts,
    scaling: scalingRulesOf(entity.workload, config.scaling, pauseOf(metadata.annotations)),
    direct: undefined,
    config,
    ...given,
  };
}
