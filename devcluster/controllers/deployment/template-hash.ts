/** Owns the name of a pod template: the hash that tells the pods of one revision from those of another. */
import { createHash } from 'node:crypto';
import { isObject } from '../../apiserver/objects/kube-object.ts';
import type { PodTemplate } from '../objects/kinds.ts';

export const templateHashLabel = 'pod-template-hash';

// Kubernetes' alphabet for generated names: no vowels, so that no words appear.
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Returns ten characters that depend on the template and on how often such a name was taken already. */
export function templateHash(template: PodTemplate, collisionCount: number): string {
  const digest = createHash('sha256')
    .update(`${canonicalTemplate(template)}/${collisionCount}`)
    .digest();
  return Array.from(digest.subarray(0, 10), (byte) => alphabet[byte % alphabet.length]).join('');
}

/** Whether two templates describe the same pods; the hash label itself does not count. */
export function sameTemplate(left: PodTemplate, right: PodTemplate): boolean {
  return canonicalTemplate(left) === canonicalTemplate(right);
}

function canonicalTemplate(template: PodTemplate): string {
  const { [templateHashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return JSON.stringify(canonical({ metadata: { ...template.metadata, labels }, spec: template.spec }));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
  return Object.fromEntries(
    entries.map(([key, member]) => [key, canonical(member)] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
