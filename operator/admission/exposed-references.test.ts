import { describe, expect, it } from 'vitest';
import { aWrite, entity } from './admission-fixture.ts';
import { exposedReferences } from './exposed-references.ts';

const keyed = (name: string, given: Record<string, unknown> = {}) =>
  entity(name, {
    env: [{ name: 'KEY', valueFrom: { secretKeyRef: { name: `${name}-key`, key: 'k' } } }],
    ...given,
  });
const a = keyed('a');
const b = keyed('b');

const rows: [sentence: string, spec: object, old: object | undefined, secrets: string[]][] = [
  ['a creation exposes everything', { servedEntities: [a, b] }, undefined, ['a-key', 'b-key']],
  [
    'a change of other things exposes nothing',
    { servedEntities: [a], tags: [] },
    { servedEntities: [a] },
    [],
  ],
  ['a new entity exposes its own alone', { servedEntities: [a, b] }, { servedEntities: [a] }, ['b-key']],
  ['a change of the order exposes nothing', { servedEntities: [b, a] }, { servedEntities: [a, b] }, []],
  [
    'more replicas expose nothing',
    { servedEntities: [keyed('a', { workload: { size: 'Large' } })] },
    { servedEntities: [a] },
    [],
  ],
  [
    'another type of workload may get another runtime, which gets hold of what the entity refers to',
    { servedEntities: [keyed('a', { workload: { type: 'GPU_SMALL' } })] },
    { servedEntities: [a] },
    ['a-key'],
  ],
  [
    'another model gets hold of what the entity refers to',
    { servedEntities: [keyed('a', { model: { uri: 'https://elsewhere.example/model' } })] },
    { servedEntities: [a] },
    ['a-key'],
  ],
  [
    'another name of the entity is another entity',
    { servedEntities: [{ ...a, name: 'c' }] },
    { servedEntities: [a] },
    ['a-key'],
  ],
];

describe('exposedReferences', () => {
  it.each(rows)('%s', (_sentence, spec, old, secrets) => {
    expect(exposedReferences(aWrite(spec, old)).map(({ name }) => name)).toEqual(secrets);
  });

  it('counts all of a runtime, whatever of it changes', () => {
    const container = { name: 'model', env: [{ valueFrom: { secretKeyRef: { name: 's' } } }] };
    const runtime = { kind: 'ServingRuntime' };
    const old = { container, disabled: false };
    expect(exposedReferences(aWrite({ container, disabled: true }, old, runtime))).toHaveLength(1);
    expect(exposedReferences(aWrite(old, old, runtime))).toEqual([]);
  });
});
