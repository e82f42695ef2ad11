import { expect, it } from 'vitest';
import { makeBuildArguments } from './go-program.ts';

const plain = { name: 'tool', folder: 'tool', variables: {} };

it.each([
  [
    'a program of its own module',
    plain,
    ['build', '-C', '/source', '-trimpath', '-ldflags', '-s -w', '-o', '/tool', '.'],
  ],
  [
    'a program of another module, with tags and a version',
    {
      ...plain,
      packagePath: 'example.org/cmd/tool',
      tags: 'small',
      variables: { 'a.version': 'v1', 'a.minor': '2' },
    },
    [
      ...['build', '-C', '/source', '-trimpath', '-tags', 'small'],
      ...['-ldflags', '-s -w -X a.version=v1 -X a.minor=2', '-o', '/tool', 'example.org/cmd/tool'],
    ],
  ],
])('builds %s', (_name, program, expected) => {
  expect(makeBuildArguments(program, '/source', '/tool')).toEqual(expected);
});
