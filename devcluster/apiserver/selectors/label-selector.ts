/** Owns label selectors: their text form (`app=web,tier in (a,b),!canary`) and their object form. */
import { badRequest } from '../errors/api-error.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelMatcher = (labels: Labels | undefined) => boolean;

interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

const keyPattern = String.raw`[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?`;
const forms: readonly [RegExp, (match: RegExpExecArray) => Requirement][] = [
  [new RegExp(`^(${keyPattern})$`), ([, key = '']) => ({ key, operator: 'Exists', values: [] })],
  [new RegExp(`^!\\s*(${keyPattern})$`), ([, key = '']) => ({ key, operator: 'DoesNotExist', values: [] })],
  [
    new RegExp(`^(${keyPattern})\\s*!=\\s*([-A-Za-z0-9_.]*)$`),
    ([, key = '', value = '']) => ({ key, operator: 'NotIn', values: [value] }),
  ],
  [
    new RegExp(`^(${keyPattern})\\s*==?\\s*([-A-Za-z0-9_.]*)$`),
    ([, key = '', value = '']) => ({ key, operator: 'In', values: [value] }),
  ],
  [
    new RegExp(`^(${keyPattern})\\s+(in|notin)\\s*\\(([-A-Za-z0-9_.,\\s]*)\\)$`),
    ([, key = '', word, list = '']) => ({
      key,
      operator: word === 'in' ? 'In' : 'NotIn',
      values: list.split(',').map((value) => value.trim()),
    }),
  ],
];

/**
 * Returns a matcher for a selector in text form; the empty text matches everything.
 *
 * @throws ApiError 400 naming the part that cannot be parsed.
 */
export function parseLabelSelector(text: string | undefined): LabelMatcher {
  if (text === undefined || text.trim() === '') return () => true;
  // Commas inside the parentheses of a set do not end a requirement.
  const requirements = text.split(/,(?![^(]*\))/).map((part) => parseRequirement(part.trim(), text));
  return (labels) => requirements.every((requirement) => meets(requirement, labels ?? {}));
}

function parseRequirement(part: string, whole: string): Requirement {
  for (const [pattern, make] of forms) {
    const match = pattern.exec(part);
    if (match !== null) return make(match);
  }
  throw badRequest(`unable to parse requirement: "${part}" in label selector "${whole}"`);
}

function meets(requirement: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'In':
      return value !== undefined && requirement.values.includes(value);
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value);
  }
}

/** Returns the text form of an object selector (`{ matchLabels, matchExpressions }`), as `status.selector` holds it. */
export function selectorText(selector: {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}): string {
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator.toLowerCase()} (${values.join(',')})`;
  });
  return [...labels, ...expressions].join(',');
}
