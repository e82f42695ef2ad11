/** Owns how a process reads its configuration: flags over environment over file, parsed once, refused with the field's name. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { load as parseYaml } from 'js-yaml';
import type * as z from 'zod';
import { AppError, messageOf } from './errors.ts';

export interface ConfigSources {
  /** Arguments after the role, e.g. `process.argv.slice(3)`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Returns the configuration of a process. A top-level scalar field `fooBar` is set by `--foo-bar`, else by the
 * environment variable `FAIRLEAD_FOO_BAR`, else by the YAML or JSON file that `--config` (or `FAIRLEAD_CONFIG`) names;
 * nested fields come from the file alone.
 *
 * @throws AppError `CONFIG_INVALID` naming each field, what is wrong with it, and where it can be set.
 */
export function loadConfig<Schema extends z.ZodObject>(
  schema: Schema,
  sources: ConfigSources,
): z.output<Schema> {
  const names = Object.keys(schema.shape);
  const flags = parseFlags(names, sources.argv);
  const file = flags['config'] ?? sources.env['FAIRLEAD_CONFIG'];
  const input: Record<string, unknown> = file === undefined ? {} : readConfigFile(file);
  for (const name of names) {
    const text = flags[flagOf(name)] ?? sources.env[variableOf(name)];
    if (text !== undefined) input[name] = scalarOf(schema.shape[name] as z.ZodType, text);
  }
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const field = issue.path.join('.');
    const top = String(issue.path[0] ?? '');
    return `${field === '' ? 'the configuration' : field}: ${issue.message} (set it with --${flagOf(top)}, ${variableOf(top)} or the file of --config)`;
  });
  throw new AppError('CONFIG_INVALID', `the configuration is invalid: ${problems.join('; ')}`);
}

function parseFlags(names: readonly string[], argv: readonly string[]): Record<string, string | undefined> {
  const options = Object.fromEntries(
    ['config', ...names.map(flagOf)].map((flag) => [flag, { type: 'string' as const }]),
  );
  try {
    return parseArgs({ args: [...argv], options, strict: true }).values;
  } catch (error) {
    throw new AppError('CONFIG_INVALID', `the command line is invalid: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function readConfigFile(path: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = parseYaml(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new AppError(
      'CONFIG_INVALID',
      `the configuration file ${path} cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new AppError('CONFIG_INVALID', `the configuration file ${path} must hold an object of fields`);
  }
  return { ...parsed };
}

/** Text from a flag or the environment becomes a number or boolean only where the schema refuses the text itself. */
function scalarOf(field: z.ZodType, text: string): unknown {
  if (field.safeParse(text).success) return text;
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}

const flagOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const variableOf = (name: string): string =>
  `FAIRLEAD_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
