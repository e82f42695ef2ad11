import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../objects/kube-object.ts';
import { parseFieldSelector } from './field-selector.ts';

describe('a field selector', () => {
  const pod = {
    metadata: { name: 'p', namespace: 'n' },
    spec: { nodeName: 'a' },
    status: { phase: 'Running' },
  };
  const pods = { group: '', plural: 'pods' };
  it.each([
    ['metadata.name=p', true],
    ['metadata.name!=p', false],
    ['metadata.namespace=n,spec.nodeName=a', true],
    ['spec.nodeName=b', false],
    ['status.phase!=Failed', true],
    ['status.podIP=', true],
  ])('%j matches: %s', (text, expected) => {
    expect(parseFieldSelector(text, pods)(pod as unknown as KubeObject)).toBe(expected);
  });

  it.each(['spec.containers=x', 'nonsense'])('%j is refused', (text) => {
    expect(() => parseFieldSelector(text, pods)).toThrow(expect.objectContaining({ httpStatus: 400 }));
  });

  it('selects events by the object that they are about', () => {
    const event = {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'p' },
      source: { component: 'kubelet' },
    };
    const matches = parseFieldSelector('involvedObject.name=p,involvedObject.kind=Pod,source=kubelet', {
      group: '',
      plural: 'events',
    });
    expect(matches(event as unknown as KubeObject)).toBe(true);
  });

  it('knows the fields that a custom kind declares', () => {
    const boats = { group: 'x', plural: 'boats', selectableFields: ['spec.hull'] };
    const boat = { metadata: { name: 'b' }, spec: { hull: 'wood' } };
    expect(parseFieldSelector('spec.hull=wood', boats)(boat as unknown as KubeObject)).toBe(true);
  });
});
