/** Owns the writes that the tests of admission judge. */
import { parseReview } from './review.ts';
import type { Write } from './review.ts';

export const entity = (name: string, given: Record<string, unknown> = {}) => ({
  name,
  model: { uri: 'models:/iris/1', ...(given['model'] as object | undefined) },
  ...Object.fromEntries(Object.entries(given).filter(([key]) => key !== 'model')),
});

interface Given {
  readonly kind?: string;
  readonly namespace?: string;
  readonly user?: string;
  readonly name?: string;
  readonly annotations?: Record<string, string>;
  readonly oldAnnotations?: Record<string, string>;
}

/** Returns the review of a creation, or with `old` of a change, as the API server sends it. */
export function aReview(spec: object, old?: object, given: Given = {}) {
  const { kind = 'ServingEndpoint', namespace = 'team', user = 'jane', name = 'iris' } = given;
  const objectOf = (body: object, annotations: Record<string, string> | undefined) => ({
    apiVersion: 'serving.fairlead.dev/v1alpha1',
    kind,
    metadata: { name, namespace, ...(annotations === undefined ? {} : { annotations }) },
    spec: body,
  });
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'review-1',
      kind: { group: 'serving.fairlead.dev', version: 'v1alpha1', kind },
      operation: old === undefined ? 'CREATE' : 'UPDATE',
      namespace,
      userInfo: { username: user, groups: ['team'], uid: 'uid-of-jane', extra: { scope: ['a'] } },
      object: objectOf(spec, given.annotations),
      oldObject: old === undefined ? null : objectOf(old, given.oldAnnotations),
      dryRun: false,
    },
  };
}

/** Returns such a write as it is judged. */
export const aWrite = (spec: object, old?: object, given: Given = {}): Write =>
  parseReview(aReview(spec, old, given));
