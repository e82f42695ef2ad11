import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../objects/kube-object.ts';
import { parseFieldSelector } from './field-selector.ts';
import { parseLabelSelector, selectorText } from './label-selector.ts';

describe('a label selector', () => {
  const labels = { app: 'web', tier: 'front', 'example.com/zone': 'a' };
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app=db', false],
    ['app!=db', true],
    ['app!=web', false],
    ['missing!=x', true],
    ['app', true],
    ['missing', false],
    ['!missing', true],
    ['!app', false],
    ['tier in (front, back)', true],
    ['tier in (back)', false],
    ['tier notin (back)', true],
    ['missing notin (back)', true],
    ['app=web,tier in (front,back),!missing', true],
    ['app=web,tier=back', false],
    ['example.com/zone=a', true],
  ])('%j matches: %s', (text, expected) => {
    expect(parseLabelSelector(text)(labels)).toBe(expected);
  });

  it.each(['a b', 'in (a)', 'a=b=c', 'a in b', ','])('%j is refused', (text) => {
    expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ httpStatus: 400 }));
  });

  it('has a text form of its object form that selects the same', () => {
    const text = selectorText({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['front'] },
        { key: 'missing', operator: 'DoesNotExist' },
        { key: 'tier', operator: 'NotIn', values: ['back'] },
        { key: 'app', operator: 'Exists' },
      ],
    });
    expect(text).toBe('app=web,tier in (front),!missing,tier notin (back),app');
    expect(parseLabelSelector(text)(labels)).toBe(true);
  });
});

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
