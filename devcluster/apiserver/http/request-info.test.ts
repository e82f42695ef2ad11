/** Owns the tests of what a URL asks for. */
import { describe, expect, it } from 'vitest';
import { parseRequest } from './request-info.ts';

describe('a URL', () => {
  it.each([
    [
      'of a core object',
      'GET',
      '/api/v1/namespaces/a/pods/b',
      { verb: 'get', namespace: 'a', plural: 'pods' },
    ],
    ['of a collection', 'GET', '/apis/apps/v1/deployments', { verb: 'list', group: 'apps', name: undefined }],
    ['of a watch', 'GET', '/api/v1/pods?watch=1', { verb: 'watch', plural: 'pods' }],
    ['of a deletion of many', 'DELETE', '/api/v1/namespaces/a/pods', { verb: 'deletecollection' }],
    [
      'of a subresource',
      'PUT',
      '/api/v1/namespaces/a/pods/b/status',
      { verb: 'update', subresource: 'status' },
    ],
    ['of a namespace, which is inside itself', 'GET', '/api/v1/namespaces/a', { namespace: 'a', name: 'a' }],
    [
      'with dots means the path that they lead to',
      'GET',
      '/api/v1/x/../namespaces/a',
      { path: '/api/v1/namespaces/a' },
    ],
    ['with a whole address means its path', 'GET', 'https://elsewhere/api/v1/pods', { plural: 'pods' }],
    [
      'with two slashes at its beginning names no host',
      'GET',
      '//api/v1/pods',
      { form: 'path', path: '//api/v1/pods' },
    ],
    ['of nothing but slashes is a path', 'GET', '//', { form: 'path', path: '/' }],
  ])('%s', (_name, method, url, expected) => {
    expect(parseRequest(method, url)).toMatchObject(expected);
  });

  it('that is none is a bad request', () => {
    expect(() => parseRequest('GET', 'http://[')).toThrow(expect.objectContaining({ httpStatus: 400 }));
  });
});
