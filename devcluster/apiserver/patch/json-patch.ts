/** Owns JSON patches (RFC 6902) and JSON pointers (RFC 6901). */
import { isDeepStrictEqual } from 'node:util';
import { ApiError, badRequest } from '../errors/api-error.ts';
import { isObject } from '../objects/kube-object.ts';

interface Operation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

type Container = Record<string, unknown> | unknown[];

/** The API server's own limits: a few copies of copies would fill the memory. */
const maxOperations = 10_000;
const maxCopied = 3 * 1024 * 1024;

const operations = ['add', 'remove', 'replace', 'move', 'copy', 'test'];

/**
 * Returns `target` with the operations applied in order; `target` is not changed.
 *
 * @throws ApiError 400 where the patch is malformed, 413 where it is too long, 422 where an operation cannot be applied (a failed `test` is one).
 */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  let root: unknown = structuredClone(target);
  let copied = 0;
  for (const operation of parsePatch(patch)) {
    if (operation.op === 'copy') {
      copied += JSON.stringify(read(root, parsePointer(operation.from ?? ''))).length;
      if (copied > maxCopied) throw unprocessable(`the patch copies more than ${maxCopied} bytes`);
    }
    root = applyOperation(root, operation);
  }
  return root;
}

function parsePatch(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []jsonPatchOp',
    );
  }
  if (patch.length > maxOperations) {
    const message = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`;
    throw new ApiError(413, 'RequestEntityTooLarge', message);
  }
  return patch.map((entry: unknown, index) => {
    if (!isObject(entry) || typeof entry['path'] !== 'string' || !operations.includes(String(entry['op']))) {
      throw badRequest(`error decoding patch: operation ${index} has no valid "op" and "path"`);
    }
    if ((entry['op'] === 'move' || entry['op'] === 'copy') && typeof entry['from'] !== 'string') {
      throw badRequest(`error decoding patch: operation ${index} needs "from"`);
    }
    return entry as unknown as Operation;
  });
}

function applyOperation(root: unknown, operation: Operation): unknown {
  const path = parsePointer(operation.path);
  switch (operation.op) {
    case 'add':
      return add(root, path, structuredClone(operation.value));
    case 'remove':
      return remove(root, path);
    case 'replace':
      read(root, path);
      return path.length === 0
        ? structuredClone(operation.value)
        : set(root, path, structuredClone(operation.value));
    case 'copy':
      return add(root, path, structuredClone(read(root, parsePointer(operation.from ?? ''))));
    case 'move': {
      const from = parsePointer(operation.from ?? '');
      const value = read(root, from);
      return add(remove(root, from), path, value);
    }
    case 'test':
      if (!isDeepStrictEqual(readOptional(root, path), operation.value)) {
        throw unprocessable(`testing value ${operation.path} failed`);
      }
      return root;
  }
}

function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/'))
    throw badRequest(`"${pointer}" is not a JSON pointer: it must start with "/"`);
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function readOptional(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const token of path) {
    if (Array.isArray(value)) value = isIndex(token) ? (value as unknown[])[Number(token)] : undefined;
    else value = isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
  }
  return value;
}

function read(root: unknown, path: readonly string[]): unknown {
  const value = readOptional(root, path);
  if (value === undefined) throw missing(path);
  return value;
}

function parentOf(root: unknown, path: readonly string[]): { parent: Container; last: string } {
  const parent = readOptional(root, path.slice(0, -1));
  if (!isObject(parent) && !Array.isArray(parent)) throw missing(path);
  return { parent, last: path.at(-1) ?? '' };
}

function add(root: unknown, path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return value;
  const { parent, last } = parentOf(root, path);
  if (!Array.isArray(parent)) {
    parent[last] = value;
    return root;
  }
  const index = last === '-' ? parent.length : arrayIndex(last, parent.length, path);
  parent.splice(index, 0, value);
  return root;
}

function set(root: unknown, path: readonly string[], value: unknown): unknown {
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent)) parent[arrayIndex(last, parent.length - 1, path)] = value;
  else parent[last] = value;
  return root;
}

function remove(root: unknown, path: readonly string[]): unknown {
  read(root, path);
  if (path.length === 0) return null;
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent)) parent.splice(arrayIndex(last, parent.length - 1, path), 1);
  else Reflect.deleteProperty(parent, last);
  return root;
}

const isIndex = (token: string): boolean => /^(0|[1-9]\d*)$/.test(token);

function arrayIndex(token: string, highest: number, path: readonly string[]): number {
  const index = isIndex(token) ? Number(token) : -1;
  if (index < 0 || index > highest) throw missing(path);
  return index;
}

const missing = (path: readonly string[]): ApiError =>
  unprocessable(`the path "/${path.join('/')}" does not exist in the object`);

/** Kubernetes answers every patch that does not fit the object with this 422. */
function unprocessable(cause: string): ApiError {
  const message = `the server rejected our request due to an error in our request: ${cause}`;
  return new ApiError(422, 'Invalid', message, { causes: [{ reason: 'FieldValueInvalid', message: cause }] });
}
