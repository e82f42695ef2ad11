/** Owns the tests of whose fields a config that is written back becomes. */
import { describe, expect, it } from 'vitest';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { lastApplied } from './write-config.ts';

const endpoint = (managedFields: readonly object[]) =>
  anEndpoint('iris')
    .servingModel('models:/iris/2')
    .withSpec({ description: 'of somebody else', tags: [{ key: 'team', value: 'cellar' }] })
    .withMetadata({ labels: { mine: 'yes', theirs: 'yes' }, managedFields })
    .build();
const applied = {
  manager: 'flux',
  operation: 'Apply',
  fieldsV1: {
    'f:metadata': { 'f:labels': { 'f:mine': {} } },
    'f:spec': {
      'f:servedEntities': { 'k:{"name":"iris-2"}': { '.': {}, 'f:name': {}, 'f:model': { 'f:uri': {} } } },
      'f:tags': { 'k:{"key":"team"}': { '.': {}, 'f:key': {}, 'f:value': {} } },
    },
  },
};

describe('lastApplied', () => {
  it('returns who applied the entities, with all that they own and nothing else', () => {
    expect(lastApplied(endpoint([applied]))).toEqual({
      manager: 'flux',
      owned: {
        metadata: { labels: { mine: 'yes' } },
        spec: {
          servedEntities: [{ name: 'iris-2', model: { uri: 'models:/iris/2' } }],
          tags: [{ key: 'team', value: 'cellar' }],
        },
      },
    });
  });

  it.each<[string, object[]]>([
    ['nobody manages anything', []],
    ['the entities were not applied but updated', [{ ...applied, operation: 'Update' }]],
    ['only the status was applied', [{ ...applied, subresource: 'status' }]],
    ['something else was applied', [{ ...applied, fieldsV1: { 'f:spec': { 'f:description': {} } } }]],
  ])('returns nothing where %s', (_name, managedFields) => {
    expect(lastApplied(endpoint(managedFields))).toBeUndefined();
  });
});
