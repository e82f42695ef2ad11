/** Owns the commands that build the images, with each of the engines that people have. Pure. */

export const engines = ['docker', 'podman', 'buildah'] as const;
export type Engine = (typeof engines)[number];

export const imageNames = ['fairlead', 'fairlead-mlflow-runtime'] as const;
export type ImageName = (typeof imageNames)[number];

export type Command = readonly [program: string, ...args: string[]];

export interface BuildRequest {
  readonly engine: Engine;
  readonly images: readonly ImageName[];
  /** Before the name, e.g. `registry.example/ml`; without it the images stay on this machine. */
  readonly registry?: string;
  readonly tag: string;
  readonly push: boolean;
  /** E.g. `linux/amd64`; several make one image for all of them. None: the machine's own. */
  readonly platforms: readonly string[];
  /** Reference of a base image, by the name of its language. */
  readonly bases: Readonly<Partial<Record<'node' | 'python', string>>>;
  readonly source: SourceState;
}

/** What is built, said in the labels of the images. */
export interface SourceState {
  readonly version: string;
  readonly revision: string;
  /** Seconds since 1970 of the revision: the only time that an image holds. */
  readonly epoch: number;
}

interface Recipe {
  readonly file: string;
  readonly context: string;
  readonly base: 'node' | 'python';
  readonly ignoreFile?: string;
}

const recipes: Readonly<Record<ImageName, Recipe>> = {
  fairlead: {
    file: 'image/Dockerfile',
    context: '.',
    base: 'node',
    ignoreFile: 'image/Dockerfile.dockerignore',
  },
  'fairlead-mlflow-runtime': { file: 'runtime-image/Dockerfile', context: 'runtime-image', base: 'python' },
};

/** Returns the commands, to be run in the root of the repository one after the other. */
export function makeBuildCommands(request: BuildRequest): Command[] {
  return request.images.flatMap((image) =>
    request.engine === 'docker' ? dockerCommands(image, request) : buildahCommands(image, request),
  );
}

const referenceOf = (image: ImageName, { registry, tag }: BuildRequest): string =>
  `${registry === undefined ? '' : `${registry}/`}${image}:${tag}`;

function commonArguments(image: ImageName, { bases, source, platforms }: BuildRequest): string[] {
  const { file, base } = recipes[image];
  const { version, revision, epoch } = source;
  const labels = { version, revision, created: new Date(epoch * 1_000).toISOString() };
  const reference = bases[base];
  return [
    ...['--file', file],
    ...['--build-arg', `SOURCE_DATE_EPOCH=${epoch}`],
    ...(reference === undefined ? [] : ['--build-arg', `${base.toUpperCase()}_IMAGE=${reference}`]),
    ...Object.entries(labels).flatMap(([name, value]) => [
      '--label',
      `org.opencontainers.image.${name}=${value}`,
    ]),
    ...(platforms.length === 0 ? [] : ['--platform', platforms.join(',')]),
  ];
}

/** BuildKit writes the times of files anew while it exports; into its own store it can only put one platform. */
function dockerCommands(image: ImageName, request: BuildRequest): Command[] {
  const { context } = recipes[image];
  const output = request.push
    ? 'type=image,push=true,rewrite-timestamp=true'
    : 'type=docker,rewrite-timestamp=true';
  return [
    [
      ...(['docker', 'buildx', 'build'] as const),
      ...commonArguments(image, request),
      ...['--tag', referenceOf(image, request)],
      ...['--output', output],
      context,
    ],
  ];
}

/** podman builds with buildah's code: the same arguments. Several platforms make a manifest list in place of an image. */
function buildahCommands(image: ImageName, request: BuildRequest): Command[] {
  const { engine, platforms, source, push } = request;
  const { context, ignoreFile } = recipes[image];
  const reference = referenceOf(image, request);
  const isList = platforms.length > 1;
  const build: Command = [
    engine,
    'build',
    ...commonArguments(image, request),
    ...['--timestamp', String(source.epoch)],
    ...(ignoreFile === undefined ? [] : ['--ignorefile', ignoreFile]),
    ...[isList ? '--manifest' : '--tag', reference],
    context,
  ];
  const pushed: Command = isList
    ? [engine, 'manifest', 'push', '--all', reference, `docker://${reference}`]
    : [engine, 'push', reference];
  return push ? [build, pushed] : [build];
}
