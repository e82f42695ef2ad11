/** Owns what a person asks of `npm run images`, checked before anything is built. */
import { engines, imageNames } from './build-commands.ts';
import type { BuildRequest, Engine, ImageName, SourceState } from './build-commands.ts';

export interface ImageOptions {
  readonly engine?: string | undefined;
  readonly image?: readonly string[] | undefined;
  readonly registry?: string | undefined;
  readonly tag: string;
  readonly push: boolean;
  readonly platform: readonly string[];
  readonly base: readonly string[];
}

/**
 * Returns the request.
 *
 * @param works - whether an engine can build here.
 * @throws Error that names the option and the remedy.
 */
export function readBuildRequest(
  options: ImageOptions,
  source: SourceState,
  works: (engine: Engine) => boolean,
): BuildRequest {
  const { registry, tag, push, platform: platforms } = options;
  if (push && registry === undefined) throw new Error('--push needs --registry, where the images go');
  const engine = chooseEngine(options.engine, works);
  if (engine === 'docker' && !push && platforms.length > 1) {
    throw new Error('docker keeps images of one platform here: add --push, or name one --platform');
  }
  return {
    engine,
    images: (options.image ?? imageNames).map((name) => oneOf(imageNames, name, '--image')),
    ...(registry === undefined ? {} : { registry }),
    tag,
    push,
    platforms,
    bases: Object.fromEntries(options.base.map(readBase)),
    source,
  };
}

function chooseEngine(wanted: string | undefined, works: (engine: Engine) => boolean): Engine {
  if (wanted !== undefined) {
    const engine = oneOf(engines, wanted, '--engine');
    if (works(engine)) return engine;
    throw new Error(`${engine} does not work here: \`${engine} info\` tells why`);
  }
  const found = engines.find(works);
  if (found !== undefined) return found;
  throw new Error(
    'no engine builds images here: install docker (with buildx, and its daemon running), podman or buildah',
  );
}

function oneOf<Name extends Engine | ImageName>(names: readonly Name[], given: string, option: string): Name {
  const name = names.find((one) => one === given);
  if (name === undefined) throw new Error(`${option} is "${given}"; it may be ${names.join(', ')}`);
  return name;
}

function readBase(text: string): ['node' | 'python', string] {
  const [, language, reference = ''] = /^(node|python)=(\S+)$/.exec(text) ?? [];
  if (language === 'node' || language === 'python') return [language, reference];
  throw new Error(`--base is "${text}"; it is node=<image> or python=<image>, best with @sha256:<digest>`);
}
