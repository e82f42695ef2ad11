/** Owns the two forms of events: stored as v1, served as events.k8s.io/v1 too, as Kubernetes converts them. */
import type { JsonObject, KubeObject } from '../../objects/kube-object.ts';

/** Field names of events.k8s.io/v1 by those of v1; what is not here has the same name in both. */
const renamed: Readonly<Record<string, string>> = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
};
const original = Object.fromEntries(Object.entries(renamed).map(([v1, v1Events]) => [v1Events, v1]));

function rename(object: KubeObject, names: Readonly<Record<string, string>>, apiVersion: string): KubeObject {
  const fields = Object.entries(object as unknown as JsonObject).map(([name, value]) => [
    names[name] ?? name,
    value,
  ]);
  return { ...(Object.fromEntries(fields) as KubeObject), apiVersion };
}

/** Returns an events.k8s.io/v1 event in the stored form, v1. */
export const eventToStored = (event: KubeObject): KubeObject =>
  event.apiVersion === 'v1' ? event : rename(event, original, 'v1');

/** Returns a stored event as events.k8s.io/v1. */
export const eventFromStored = (event: KubeObject): KubeObject => rename(event, renamed, 'events.k8s.io/v1');
