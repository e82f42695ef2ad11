/** Owns the tests of how images are asked for and built. */
import { describe, expect, it } from 'vitest';
import { makeBuildCommands } from './build-commands.ts';
import type { Engine } from './build-commands.ts';
import { readBuildRequest } from './build-request.ts';
import type { ImageOptions } from './build-request.ts';

const source = { version: '0.2.0', revision: 'abc123', epoch: 1_700_000_000 };
const plain: ImageOptions = { tag: 'dev', push: false, platform: [], base: [] };
const request = (options: Partial<ImageOptions> = {}, ...working: Engine[]) =>
  readBuildRequest({ ...plain, ...options }, source, (engine) => working.includes(engine));
const linesOf = (options: Partial<ImageOptions>, engine: Engine): string[] =>
  makeBuildCommands(request({ image: ['fairlead'], ...options }, engine)).map((words) => words.join(' '));

const common = [
  '--file image/Dockerfile --build-arg SOURCE_DATE_EPOCH=1700000000',
  '--label org.opencontainers.image.version=0.2.0',
  '--label org.opencontainers.image.revision=abc123',
  '--label org.opencontainers.image.created=2023-11-14T22:13:20.000Z',
].join(' ');
const buildahs = '--timestamp 1700000000 --ignorefile image/Dockerfile.dockerignore';
const two = { registry: 'r.example/ml', push: true, platform: ['linux/amd64', 'linux/arm64'] };

describe('the commands', () => {
  it.each<[string, Engine, Partial<ImageOptions>, string[]]>([
    [
      'build with docker into its own store',
      'docker',
      {},
      [`docker buildx build ${common} --tag fairlead:dev --output type=docker,rewrite-timestamp=true .`],
    ],
    [
      'build with docker for two platforms straight into the registry',
      'docker',
      two,
      [
        `docker buildx build ${common} --platform linux/amd64,linux/arm64 --tag r.example/ml/fairlead:dev --output type=image,push=true,rewrite-timestamp=true .`,
      ],
    ],
    ['build with podman', 'podman', {}, [`podman build ${common} ${buildahs} --tag fairlead:dev .`]],
    [
      'build with buildah and push',
      'buildah',
      { registry: 'r.example', push: true, tag: '0.2.0' },
      [
        `buildah build ${common} ${buildahs} --tag r.example/fairlead:0.2.0 .`,
        'buildah push r.example/fairlead:0.2.0',
      ],
    ],
    [
      'build with podman a list of two platforms, and push all of it',
      'podman',
      two,
      [
        `podman build ${common} --platform linux/amd64,linux/arm64 ${buildahs} --manifest r.example/ml/fairlead:dev .`,
        'podman manifest push --all r.example/ml/fairlead:dev docker://r.example/ml/fairlead:dev',
      ],
    ],
  ])('%s', (_name, engine, options, lines) => {
    expect(linesOf(options, engine)).toEqual(lines);
  });

  it('build both images unless told otherwise, each from its own folder and base', () => {
    const base = ['python=python@sha256:00', 'node=node@sha256:11'];
    const lines = makeBuildCommands(request({ base }, 'podman')).map((words) => words.join(' '));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/NODE_IMAGE=node@sha256:11.*fairlead:dev \.$/);
    expect(lines[1]).toMatch(/PYTHON_IMAGE=python@sha256:00.*fairlead-mlflow-runtime:dev runtime-image$/);
  });
});

describe('the engine', () => {
  it('is the first of docker, podman and buildah that works', () => {
    expect(request({}, 'docker', 'buildah').engine).toBe('docker');
    expect(request({}, 'buildah').engine).toBe('buildah');
    expect(request({ engine: 'podman' }, 'docker', 'podman').engine).toBe('podman');
  });
});

it.each<[string, Partial<ImageOptions>, Engine[], RegExp]>([
  ['a machine without an engine', {}, [], /install docker .* podman or buildah/],
  ['an engine that does not work', { engine: 'docker' }, ['podman'], /`docker info` tells why/],
  ['an engine that nobody knows', { engine: 'kaniko' }, ['podman'], /may be docker, podman, buildah/],
  ['an image that nobody knows', { image: ['x'] }, ['podman'], /may be fairlead, fairlead-mlflow-runtime/],
  ['a push to nowhere', { push: true }, ['podman'], /--push needs --registry/],
  ['two platforms in docker’s own store', { platform: ['a', 'b'] }, ['docker'], /add --push/],
  ['a base of no language', { base: ['ruby=x'] }, ['podman'], /node=<image> or python=<image>/],
])('refuses %s', (_name, options, working, message) => {
  expect(() => request(options, ...working)).toThrow(message);
});
