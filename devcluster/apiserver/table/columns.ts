/** Owns the cells that many kinds share: names, ages, durations, and custom columns from JSONPath. */
import { isObject } from '../objects/kube-object.ts';
import type { Column } from '../resources/resource-type.ts';
import { parseJsonPath } from './json-path.ts';

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  priority: 0,
  cell: (object) => object.metadata.name,
};

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'How long ago the object was created.',
  priority: 0,
  cell: (object, now) => ageSince(object.metadata.creationTimestamp, now),
};

/** Returns how long ago a time is, as kubectl shows ages; `<unknown>` for no time. */
export function ageSince(time: unknown, now: number): string {
  const then = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(then) ? '<unknown>' : durationText(now - then);
}

const units: readonly [number, string][] = [
  [365 * 86_400, 'y'],
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
  [1, 's'],
];

/** Below each of these many seconds, the text is one unit, or that unit and the next smaller one. */
const shapes: readonly { below: number; unit: number; withNext: boolean }[] = [
  { below: 120, unit: 4, withNext: false },
  { below: 10 * 60, unit: 3, withNext: true },
  { below: 3 * 3_600, unit: 3, withNext: false },
  { below: 8 * 3_600, unit: 2, withNext: true },
  { below: 48 * 3_600, unit: 2, withNext: false },
  { below: 8 * 86_400, unit: 1, withNext: true },
  { below: 2 * 365 * 86_400, unit: 1, withNext: false },
  { below: 8 * 365 * 86_400, unit: 0, withNext: true },
];

/** Returns a duration as kubectl rounds it for people: `5m12s`, `3d4h`, `2y`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1_000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  const shape = shapes.find(({ below }) => seconds < below) ?? { unit: 0, withNext: false };
  const [size, letter] = units[shape.unit] ?? [1, 's'];
  const whole = `${Math.floor(seconds / size)}${letter}`;
  const [nextSize, nextLetter] = units[shape.unit + 1] ?? [1, 's'];
  const remainder = Math.floor((seconds % size) / nextSize);
  return shape.withNext && remainder > 0 ? `${whole}${remainder}${nextLetter}` : whole;
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
}

/** Returns the column of a CRD's `additionalPrinterColumns` entry. */
export function customColumn(source: PrinterColumn): Column {
  const read = parseJsonPath(source.jsonPath) ?? (() => []);
  return {
    name: source.name,
    type: source.type === 'date' ? 'string' : (source.type as Column['type']),
    ...(source.format === undefined ? {} : { format: source.format }),
    description:
      source.description ?? `Custom resource definition column (in JSONPath format): ${source.jsonPath}`,
    priority: source.priority ?? 0,
    cell: (object, now) => customCell(read(object), source.type, now),
  };
}

function customCell(values: readonly unknown[], type: string, now: number): unknown {
  const [first] = values;
  if (first === undefined || first === null) return type === 'string' ? '' : null;
  if (type === 'date') return ageSince(first, now);
  if (values.length > 1) return values.map(cellText).join(',');
  return type === 'string' ? cellText(first) : first;
}

const cellText = (value: unknown): string =>
  isObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
