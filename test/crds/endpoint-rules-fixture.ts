/** Owns endpoints for tests of the CEL rules of ServingEndpoint, and what those rules say of them on the embedded cluster. */
import { makeCustomResourceDefinition } from '../../crds/codegen/crd.ts';
import { resources } from '../../crds/codegen/resources.ts';
import { compileRules } from '../../devcluster/apiserver/crd/cel-rules.ts';
import { anEndpoint } from '../support/an-endpoint.ts';

const crd = makeCustomResourceDefinition(resources[0]!);
export const schema = crd.spec.versions[0]!.schema.openAPIV3Schema;
const { rules } = compileRules(schema);

/** Returns which rules `object` breaks, in the place of `old` where that is given. */
export const check = (object: unknown, old?: unknown) =>
  rules.check(object, old).map(({ field, message }) => ({ path: field, message: withoutVerdict(message) }));

/** Takes away what the API server puts in front of a rule's message. */
const withoutVerdict = (message: string) => message.replace(/^(Invalid|Required) value: ("\w+": )?/, '');

export const model = { uri: 'models:/iris/1' };
export const iris = { name: 'iris-1', model };

export const endpoint = (spec: object, name = 'iris') =>
  anEndpoint(name).servingModel('models:/iris/1').withSpec(spec).build();

export const withEntity = (entity: object) => endpoint({ servedEntities: [{ ...iris, ...entity }] });
export const withWorkload = (workload: object) => withEntity({ workload });

export const external = { provider: 'openai', name: 'gpt-4o', task: 'llm/v1/chat' };
