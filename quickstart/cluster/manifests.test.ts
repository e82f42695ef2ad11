/** Owns the tests of how manifests are read. */
import { expect, it } from 'vitest';
import { parseManifests, readManifests } from './manifests.ts';

it('reads every document and passes over empty ones', () => {
  const text =
    'apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n---\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: b }\n';
  expect(parseManifests(text, 'x.yaml').map((object) => object.metadata?.name)).toEqual(['a', 'b']);
});

it.each([
  ['text that is not YAML', 'a: [', /x\.yaml is not YAML/],
  [
    'a document that is no object of Kubernetes',
    'hello: world',
    /x\.yaml holds a document without apiVersion/,
  ],
  ['a document that is a word', 'hello', /x\.yaml holds a document without apiVersion/],
])('refuses %s, naming the file', (_name, text, message) => {
  expect(() => parseManifests(text, 'x.yaml')).toThrow(message);
});

it('names the folder that is missing', () => {
  expect(() => readManifests('/nowhere')).toThrow(/\/nowhere/);
});
