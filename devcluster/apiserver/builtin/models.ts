/** Owns which OpenAPI model each built-in kind is, also of the kinds that are only ever the body of a call. */
import { makeBuiltinTypes } from './builtin-types.ts';
import { groupVersionOf } from '../resources/resource-type.ts';

const deleteOptions = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';

const models = new Map<string, string>([
  ['autoscaling/v1 Scale', 'io.k8s.api.autoscaling.v1.Scale'],
  ['authentication.k8s.io/v1 TokenRequest', 'io.k8s.api.authentication.v1.TokenRequest'],
  ['policy/v1 Eviction', 'io.k8s.api.policy.v1.Eviction'],
  ...makeBuiltinTypes().map((type): [string, string] => [
    `${groupVersionOf(type)} ${type.kind}`,
    type.model ?? '',
  ]),
]);

/** Returns the model of a kind; undefined where it is no built-in one. Every group knows DeleteOptions. */
export function modelOfKind(apiVersion: string, kind: string): string | undefined {
  return kind === 'DeleteOptions' ? deleteOptions : models.get(`${apiVersion} ${kind}`);
}
