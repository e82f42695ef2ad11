/** Owns the forms that objects are answered in: as they are, as rows of a table, or as metadata alone. */
import { isObject } from '../objects/kube-object.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { groupVersionOf } from '../resources/resource-type.ts';
import type { AnswerForm } from './negotiation.ts';
import { objectText } from './responses.ts';

/** What the rows of a table carry beside their cells. */
export type IncludeObject = 'Metadata' | 'None' | 'Object';

export interface FormOptions {
  readonly form: AnswerForm;
  readonly includeObject: IncludeObject;
  readonly now: number;
}

export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** Returns the JSON text of a list in the form that was asked for. */
export function listText(
  type: ResourceType,
  items: readonly KubeObject[],
  metadata: ListMetadata,
  options: FormOptions,
): string {
  if (options.form === 'table') return JSON.stringify(makeTable(type, items, metadata, options));
  const isMetadata = options.form === 'metadata';
  const head = isMetadata
    ? { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' }
    : { kind: type.listKind, apiVersion: groupVersionOf(type) };
  const texts = items.map((item) => (isMetadata ? JSON.stringify(partialMetadata(item)) : objectText(item)));
  return `${JSON.stringify({ ...head, metadata }).slice(0, -1)},"items":[${texts.join(',')}]}`;
}

/** Returns the JSON text of one object in the form that was asked for. */
export function singleText(type: ResourceType, object: KubeObject, options: FormOptions): string {
  if (options.form === 'object') return objectText(object);
  if (options.form === 'metadata') return JSON.stringify(partialMetadata(object));
  const metadata = { resourceVersion: object.metadata.resourceVersion };
  return JSON.stringify(makeTable(type, [object], metadata, options));
}

function makeTable(
  type: ResourceType,
  items: readonly KubeObject[],
  metadata: ListMetadata,
  options: FormOptions,
): object {
  const columnDefinitions = type.columns.map((column) => ({
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? '',
    priority: column.priority,
  }));
  const rows = items.map((item) => ({
    cells: type.columns.map((column) => column.cell(item, options.now) ?? null),
    ...rowObject(item, options.includeObject),
  }));
  return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions, rows };
}

function rowObject(item: KubeObject, include: IncludeObject): { object?: unknown } {
  if (include === 'None') return {};
  return { object: include === 'Object' ? item : partialMetadata(item) };
}

function partialMetadata(object: KubeObject): object {
  const { metadata } = object;
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: isObject(metadata) ? metadata : {},
  };
}
