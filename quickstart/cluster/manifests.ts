/** Owns the reading of Kubernetes manifests from the repository. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { KubeObject } from '../../kube/resource.ts';
import { AppError, messageOf } from '../../platform/errors.ts';

/**
 * Returns the objects of a YAML file, or of all YAML files of a folder in the order of their names.
 *
 * @throws AppError `MANIFEST_INVALID` naming the file.
 */
export function readManifests(path: string): KubeObject[] {
  if (!statSync(path).isDirectory()) return parseManifests(readFileSync(path, 'utf8'), path);
  return readdirSync(path)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => readManifests(join(path, name)));
}

/**
 * Returns the objects of YAML text; empty documents are left out.
 *
 * @throws AppError `MANIFEST_INVALID` naming `source`.
 */
export function parseManifests(text: string, source: string): KubeObject[] {
  let documents: unknown[];
  try {
    documents = loadAll(text);
  } catch (error) {
    throw new AppError('MANIFEST_INVALID', `${source} is not YAML: ${messageOf(error)}`, { cause: error });
  }
  return documents
    .filter((document) => document !== null && document !== undefined)
    .map((document) => {
      if (isObject(document)) return document;
      throw new AppError(
        'MANIFEST_INVALID',
        `${source} holds a document without apiVersion, kind and metadata.name`,
      );
    });
}

function isObject(document: unknown): document is KubeObject {
  const { apiVersion, kind, metadata } = document as KubeObject;
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string';
}
