import { describe, expect, it } from 'vitest';
import { ApiError } from '../errors/api-error.ts';
import { applyJsonPatch } from './json-patch.ts';

describe('a JSON patch', () => {
  it.each([
    ['adds a field', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['inserts into a list', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    ['appends to a list', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    ['removes an entry', { a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    ['replaces a value', { a: { b: 1 } }, [{ op: 'replace', path: '/a/b', value: 2 }], { a: { b: 2 } }],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
    ['moves a value', { a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
    ['copies a value', { a: [1] }, [{ op: 'copy', from: '/a', path: '/b' }], { a: [1], b: [1] }],
    [
      'reads escaped names',
      { 'a/b': { 'c~d': 1 } },
      [{ op: 'replace', path: '/a~1b/c~0d', value: 2 }],
      { 'a/b': { 'c~d': 2 } },
    ],
    [
      'goes on after a test that holds',
      { a: { b: [1] } },
      [
        { op: 'test', path: '/a', value: { b: [1] } },
        { op: 'remove', path: '/a' },
      ],
      {},
    ],
  ])('%s', (_name, target, patch, expected) => {
    expect(applyJsonPatch(target, patch)).toEqual(expected);
  });

  it.each([
    ['a test that does not hold', 422, [{ op: 'test', path: '/a', value: 2 }]],
    ['a replace of what is not there', 422, [{ op: 'replace', path: '/x', value: 2 }]],
    ['a remove of what is not there', 422, [{ op: 'remove', path: '/a/b' }]],
    ['an index behind the end', 422, [{ op: 'add', path: '/list/5', value: 2 }]],
    ['an add below a scalar', 422, [{ op: 'add', path: '/a/b/c', value: 2 }]],
    ['an index that is none', 422, [{ op: 'test', path: '/list/', value: 1 }]],
    ['a path through an index that is none', 422, [{ op: 'add', path: '/objects/00/b', value: 1 }]],
    [
      'copies of copies that would fill the memory',
      422,
      Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '', path: `/c${index}` })),
    ],
    [
      'too many operations',
      413,
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/a', value: 1 })),
    ],
    ['an unknown operation', 400, [{ op: 'merge', path: '/a' }]],
    ['a path that is no pointer', 400, [{ op: 'add', path: 'a', value: 1 }]],
    ['a move from nowhere', 400, [{ op: 'move', path: '/a' }]],
    ['an object instead of a list', 400, { a: 1 }],
  ])('is refused with %s', (_name, status, patch) => {
    const refused = (): unknown => applyJsonPatch({ a: 1, list: [1], objects: [{}] }, patch);
    expect(refused).toThrow(ApiError);
    expect(refused).toThrow(expect.objectContaining({ httpStatus: status }));
  });

  it('leaves the object that it is given as it is', () => {
    const target = { a: [1] };
    applyJsonPatch(target, [{ op: 'add', path: '/a/-', value: 2 }]);
    expect(target).toEqual({ a: [1] });
  });
});
