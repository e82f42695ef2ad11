/** Owns which strings of a request and of an answer are text that a language model reads or writes, for estimates. */
import type { JsonPath } from './json-scanner.ts';

/** Where an answer holds what the model has written. */
const answerRoots = new Set(['choices', 'output', 'messages', 'predictions', 'delta']);
/** Where a request holds what the model is to read; of the last four, which are tables, every string. */
const requestRoots = new Set(['messages', 'prompt', 'input', 'instructions', 'system']);
const tableRoots = new Set(['inputs', 'instances', 'dataframe_records', 'dataframe_split']);
/** Names of fields that hold text. */
const leaves = new Set(['content', 'text', 'arguments', 'reasoning', 'reasoning_content', 'refusal']);

/** The keys that tell text from what is none. */
export const textNames: ReadonlySet<string> = new Set([
  ...answerRoots,
  ...requestRoots,
  ...tableRoots,
  ...leaves,
  'item',
]);

/**
 * Returns whether the string at `path` of an answer, or of an event of it, is text. `repeated`: an item that is told
 * whole, after its pieces perhaps.
 */
export function answerTextOf(path: JsonPath): 'new' | 'repeated' | undefined {
  const root = path.keys[0] ?? '';
  const leaf = leafOf(path);
  if (root === 'item') return leaves.has(leaf) ? 'repeated' : undefined;
  if (!answerRoots.has(root)) return undefined;
  const isBare = leaf === root && (root === 'delta' || root === 'predictions');
  return isBare || leaves.has(leaf) ? 'new' : undefined;
}

/** Returns whether the string at `path` of a request is text. */
export function isRequestText(path: JsonPath): boolean {
  const root = path.keys[0] ?? '';
  if (tableRoots.has(root)) return true;
  if (!requestRoots.has(root)) return false;
  const leaf = leafOf(path);
  return leaves.has(leaf) || (leaf === root && root !== 'messages');
}

/** The nearest key: elements of a list are called as the list is. */
function leafOf({ depth, keys }: JsonPath): string {
  let level = depth - 1;
  while (level > 0 && keys[level] === '[]') level -= 1;
  return keys[level] ?? '';
}
