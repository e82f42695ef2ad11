/** Owns images: the table that says which local program stands for an image, and what a container of it runs. */
import { dirname } from 'node:path';
import * as z from 'zod';
import { AppError } from '../../platform/errors.ts';
import type { Container } from '../controllers/objects/kinds.ts';

export const localImageSchema = z.strictObject({
  entrypoint: z
    .array(z.string())
    .min(1)
    .describe(
      "The image's ENTRYPOINT: program and first arguments, run where the container names no command.",
    ),
  args: z
    .array(z.string())
    .default([])
    .describe("The image's CMD: arguments where the container names none."),
  executables: z
    .record(z.string(), z.string())
    .default({})
    .describe("Programs of the image by name: what a container's command such as `python` means."),
  workingDir: z.string().optional().describe('Default: a directory of the container.'),
  env: z.record(z.string(), z.string()).default({}).describe("The image's ENV."),
});

export const imageTableSchema = z
  .record(z.string(), localImageSchema)
  .describe('Images by the exact text that containers name them by.');

export type LocalImage = z.output<typeof localImageSchema>;
export type ImageTable = z.output<typeof imageTableSchema>;

/**
 * Returns the local program of an image.
 *
 * @throws AppError `IMAGE_UNKNOWN` naming the image and those that are known.
 */
export function resolveImage(table: ImageTable, image: string): LocalImage {
  const known = Object.hasOwn(table, image) ? table[image] : undefined;
  if (known !== undefined) return known;
  const names = Object.keys(table).sort().join(', ') || 'none';
  throw new AppError(
    'IMAGE_UNKNOWN',
    `no local program stands for image "${image}" on this node; known images: ${names}. ` +
      `Containers are local processes here: add the image to the image table of the embedded cluster`,
  );
}

/**
 * Returns program and arguments of a container, as Kubernetes combines them with the image: `command` replaces the
 * entry point and drops the image's arguments, `args` replaces the image's arguments. A program that the image knows
 * by name is replaced by its path.
 */
export function commandOf(image: LocalImage, container: Pick<Container, 'command' | 'args'>): string[] {
  const { command = [], args = [] } = container;
  const own = command.length > 0 ? [...command, ...args] : undefined;
  const words = own ?? [...image.entrypoint, ...(args.length > 0 ? args : image.args)];
  return withExecutable(image, words);
}

/** Returns `words` with the first one looked up among the image's executables; exec probes and hooks need it too. */
export function withExecutable(image: LocalImage, words: readonly string[]): string[] {
  const [program = '', ...rest] = words;
  const path = Object.hasOwn(image.executables, program) ? image.executables[program] : undefined;
  return [path ?? program, ...rest];
}

/** Returns the search path of a container: where the image's executables are, then the system's. */
export function searchPathOf(image: LocalImage): string {
  const own = Object.values(image.executables).map((path) => dirname(path));
  const system = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return [...new Set([...own, ...system])].join(':');
}
