/** Owns reading the chart's values.yaml together with the comments that say what each value does. */
import { load } from 'js-yaml';
import type { JsonValue } from '../../crds/json-schema.ts';
import { AppError } from '../../platform/errors.ts';

export type JsonObject = Record<string, JsonValue>;

export interface ChartValue {
  readonly name: string;
  /** Dotted, from the root. */
  readonly path: string;
  readonly description: string;
  readonly default: JsonValue;
  /** What the value may be, beyond what its default tells. */
  readonly constraints: JsonObject;
  /** Of an object whose fields are the chart's; an object that is empty by default is the user's. */
  readonly children: readonly ChartValue[];
}

interface Comment {
  readonly description: string;
  readonly constraints: JsonObject;
}

const marker = '@schema ';

/**
 * Returns the values in the order of the file.
 *
 * @throws AppError `VALUES_INVALID` for a value without a comment, and for a line that this reader does not understand:
 * the file is ours, and kept simple.
 */
export function readValues(text: string): ChartValue[] {
  return valuesOf(load(text) as JsonObject, '', readComments(text));
}

function valuesOf(object: JsonObject, parent: string, comments: ReadonlyMap<string, Comment>): ChartValue[] {
  return Object.entries(object).map(([name, value]) => {
    const path = parent === '' ? name : `${parent}.${name}`;
    const comment = comments.get(path);
    // Fields that say nothing of themselves belong to the comment above all of them.
    const isSection = [...comments.keys()].some((key) => key.startsWith(`${path}.`));
    if (comment === undefined && !isSection) {
      throw invalid(`${path} has no comment: say above it what the value does`);
    }
    return {
      name,
      path,
      description: comment?.description ?? '',
      default: value,
      constraints: comment?.constraints ?? {},
      children: isSection ? valuesOf(value as JsonObject, path, comments) : [],
    };
  });
}

const invalid = (problem: string, cause?: unknown): AppError =>
  new AppError('VALUES_INVALID', `values.yaml: ${problem}`, { cause });

/** Returns the comment above each key, by the key's path; a blank line parts a comment from what follows. */
function readComments(text: string): Map<string, Comment> {
  const comments = new Map<string, Comment>();
  let pending: string[] = [];
  const way: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', comment, key] = /^( *)(?:# ?(.*)|([A-Za-z]+):.*|- .*)?$/.exec(line) ?? [];
    if (line.trim() === '') pending = [];
    else if (comment !== undefined) pending.push(comment);
    else if (key !== undefined) {
      way.length = indent.length / 2;
      way.push(key);
      if (pending.length > 0) comments.set(way.join('.'), parseComment(pending, index));
      pending = [];
    } else throw invalid(`line ${index + 1} is neither a comment nor a value`);
  }
  return comments;
}

function parseComment(lines: readonly string[], index: number): Comment {
  const description = lines.filter((line) => !line.startsWith(marker)).join(' ');
  const constraints = lines
    .filter((line) => line.startsWith(marker))
    .map((line) => line.slice(marker.length));
  try {
    return {
      description,
      constraints: Object.assign({}, ...constraints.map((json) => JSON.parse(json) as object)) as JsonObject,
    };
  } catch (error) {
    throw invalid(`the @schema above line ${index + 1} is not JSON`, error);
  }
}
