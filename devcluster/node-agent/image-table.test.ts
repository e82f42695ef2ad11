import { describe, expect, it } from 'vitest';
import { commandOf, imageTableSchema, resolveImage, searchPathOf, withExecutable } from './image-table.ts';

const table = imageTableSchema.parse({
  'runtime:dev': {
    entrypoint: ['/venv/bin/python', '-m', 'server'],
    args: ['--default'],
    executables: { python: '/venv/bin/python', pip: '/venv/bin/pip' },
  },
  'plain:1': { entrypoint: ['/bin/app'] },
});
const runtime = resolveImage(table, 'runtime:dev');

describe('the command of a container', () => {
  it.each([
    ['is entry point and arguments of the image', {}, ['/venv/bin/python', '-m', 'server', '--default']],
    [
      'keeps the entry point with arguments of its own',
      { args: ['--x'] },
      ['/venv/bin/python', '-m', 'server', '--x'],
    ],
    ['is its own command without arguments of the image', { command: ['/bin/sh'] }, ['/bin/sh']],
    [
      'is its own command with its own arguments',
      { command: ['python', '-V'], args: ['-x'] },
      ['/venv/bin/python', '-V', '-x'],
    ],
    [
      'leaves programs alone that the image does not know',
      { command: ['sh', '-c', 'python'] },
      ['sh', '-c', 'python'],
    ],
  ])('%s', (_name, container, expected) => {
    expect(commandOf(runtime, container)).toEqual(expected);
  });

  it('looks up the program of a probe as well', () => {
    expect(withExecutable(runtime, ['pip', 'list'])).toEqual(['/venv/bin/pip', 'list']);
    expect(withExecutable(runtime, ['toString'])).toEqual(['toString']);
  });

  it('finds programs of the image first', () => {
    expect(searchPathOf(runtime)).toMatch(/^\/venv\/bin:\/usr\/local\/sbin:/);
  });
});

describe('an image', () => {
  it.each(['other:1', 'constructor'])('that the table lacks is refused by name: %s', (image) => {
    expect(() => resolveImage(table, image)).toThrow(
      `no local program stands for image "${image}" on this node; known images: plain:1, runtime:dev`,
    );
  });

  it('needs an entry point', () => {
    expect(imageTableSchema.safeParse({ x: { entrypoint: [] } }).success).toBe(false);
  });
});
