/** Owns the label selectors of the metrics API, in the whole grammar of Kubernetes. */
import { AppError } from '../../platform/errors.ts';

type Labels = Readonly<Record<string, string>>;

/** One requirement; all must hold. */
interface Requirement {
  readonly key: string;
  readonly operator: 'in' | 'notin' | 'exists' | 'absent';
  readonly values: readonly string[];
}

export interface LabelSelector {
  matches(labels: Labels): boolean;
  /** The values that a label must have one of; undefined where any may do. */
  valuesOf(key: string): readonly string[] | undefined;
}

const name = '[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?';
const key = `(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?${name}`;
const patterns = {
  equality: new RegExp(`^(${key})\\s*(==?|!=)\\s*(${name})?$`),
  set: new RegExp(`^(${key})\\s+(in|notin)\\s*\\(([^()]*)\\)$`),
  existence: new RegExp(`^(!?)\\s*(${key})$`),
  value: new RegExp(`^(?:${name})?$`),
};

/**
 * Returns a selector; the empty text selects everything.
 *
 * @throws AppError `SELECTOR_INVALID` naming the requirement that cannot be read.
 */
export function parseLabelSelector(text: string): LabelSelector {
  const parts = text.trim() === '' ? [] : text.split(/,(?![^()]*\))/);
  const requirements = parts.map((part) => parseRequirement(part.trim()));
  return {
    matches: (labels) => requirements.every((requirement) => holds(requirement, labels)),
    valuesOf: (label) => requirements.find((one) => one.key === label && one.operator === 'in')?.values,
  };
}

function parseRequirement(text: string): Requirement {
  const requirement = parseEquality(text) ?? parseSet(text) ?? parseExistence(text);
  if (requirement !== undefined) return requirement;
  throw new AppError(
    'SELECTOR_INVALID',
    `the requirement "${text}" of the label selector is not understood; write key=value, key!=value, key in (a,b), key notin (a,b), key or !key`,
  );
}

function parseEquality(text: string): Requirement | undefined {
  const [, label, sign, value = ''] = patterns.equality.exec(text) ?? [];
  if (label === undefined) return undefined;
  return { key: label, operator: sign === '!=' ? 'notin' : 'in', values: [value] };
}

function parseSet(text: string): Requirement | undefined {
  const [, label, operator, list = ''] = patterns.set.exec(text) ?? [];
  const values = list.split(',').map((value) => value.trim());
  if (label === undefined || !values.every((value) => patterns.value.test(value))) return undefined;
  return { key: label, operator: operator === 'in' ? 'in' : 'notin', values };
}

function parseExistence(text: string): Requirement | undefined {
  const [, negation, label] = patterns.existence.exec(text) ?? [];
  return label === undefined
    ? undefined
    : { key: label, operator: negation === '!' ? 'absent' : 'exists', values: [] };
}

/** As Kubernetes: what lacks a label is not in any set of its values, and so matches `notin`. */
function holds({ key: label, operator, values }: Requirement, labels: Labels): boolean {
  const value = labels[label];
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value);
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
  }
}
