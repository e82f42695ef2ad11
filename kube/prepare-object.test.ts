import { describe, expect, it } from 'vitest';
import type { Pod } from './kinds.ts';
import { dropBulk, makePrepare } from './prepare-object.ts';
import { SharedParts } from './shared-parts.ts';
import { aPod } from './testing/watch-answers.ts';

const withBulk = (name: string): Pod => {
  const pod = aPod(name, '1');
  pod.metadata = {
    ...pod.metadata,
    managedFields: [{ manager: 'kubectl' }],
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', keep: 'me' },
    labels: { app: 'x' },
  };
  return pod;
};

describe('an object that is to be kept', () => {
  it('is without managedFields and last-applied, and frozen to the bottom', () => {
    const kept = makePrepare<Pod>(new SharedParts())(withBulk('a'));
    expect(kept.metadata).not.toHaveProperty('managedFields');
    expect(kept.metadata?.annotations).toEqual({ keep: 'me' });
    expect(() => (kept.metadata!.labels!['app'] = 'y')).toThrow(TypeError);
  });

  it('is what the transform makes of it', () => {
    const prepare = makePrepare<Pod>(new SharedParts(), (pod) => {
      const { spec: _spec, ...kept } = dropBulk(pod);
      return kept;
    });
    const kept = prepare({ ...withBulk('a'), spec: { containers: [] } });
    expect(kept).not.toHaveProperty('spec');
    expect(kept.metadata).not.toHaveProperty('managedFields');
  });

  it('shares what is equal with those before it', () => {
    const prepare = makePrepare<Pod>(new SharedParts());
    expect(prepare(withBulk('a')).metadata?.labels).toBe(prepare(withBulk('b')).metadata?.labels);
  });

  it('may have no metadata', () => {
    expect(makePrepare(new SharedParts())({ kind: 'Status' })).toEqual({ kind: 'Status' });
  });
});
