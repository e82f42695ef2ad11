/** Owns webhooks as this server works with them: read from their configurations, in the order in which they are asked. */
import { objectAt, objectsAt } from '../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import type { AdmissionQuestion } from '../pipeline/course.ts';
import { parseLabelSelector, selectorText } from '../selectors/label-selector.ts';
import type { LabelMatcher } from '../selectors/label-selector.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { compileCondition } from './match-conditions.ts';
import type { MatchCondition } from './match-conditions.ts';

export interface Rule {
  readonly operations: readonly string[];
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
}

export interface Hook {
  readonly name: string;
  readonly configuration: string;
  readonly rules: readonly Rule[];
  readonly exact: boolean;
  readonly namespaces: LabelMatcher;
  /** Undefined: every object. */
  readonly objects: LabelMatcher | undefined;
  readonly conditions: readonly MatchCondition[];
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly timeoutSeconds: number;
  readonly reinvoked: boolean;
  readonly clientConfig: JsonObject;
}

const storages = {
  mutate: 'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  validate: 'validatingwebhookconfigurations.admissionregistration.k8s.io',
} as const;

const parsed = new WeakMap<KubeObject, readonly Hook[]>();

/** Returns the webhooks of one phase, by the name of their configuration and then as they stand in it. */
export function hooksOf(store: ObjectStore, phase: AdmissionQuestion['phase']): Hook[] {
  return store.list(storages[phase]).items.flatMap((configuration) => {
    let hooks = parsed.get(configuration);
    if (hooks === undefined) {
      hooks = objectsAt(configuration as unknown as JsonObject, 'webhooks').map((webhook) =>
        makeHook(configuration.metadata.name, webhook),
      );
      parsed.set(configuration, hooks);
    }
    return hooks;
  });
}

/** Whether objects of a kind are themselves what decides who is asked: nobody is asked about those. */
export const isConfiguration = (storage: string): boolean =>
  Object.values<string>(storages).includes(storage);

function makeHook(configuration: string, webhook: JsonObject): Hook {
  const selector = (field: string): string => selectorText(objectAt(webhook, field));
  const objects = selector('objectSelector');
  return {
    name: String(webhook['name']),
    configuration,
    rules: objectsAt(webhook, 'rules') as unknown as Rule[],
    exact: webhook['matchPolicy'] === 'Exact',
    namespaces: parseLabelSelector(selector('namespaceSelector')),
    objects: objects === '' ? undefined : parseLabelSelector(objects),
    conditions: objectsAt(webhook, 'matchConditions').map(({ expression }) =>
      compileCondition(String(expression)),
    ),
    failurePolicy: webhook['failurePolicy'] === 'Ignore' ? 'Ignore' : 'Fail',
    timeoutSeconds: Number(webhook['timeoutSeconds'] ?? 10),
    reinvoked: webhook['reinvocationPolicy'] === 'IfNeeded',
    clientConfig: objectAt(webhook, 'clientConfig'),
  };
}
