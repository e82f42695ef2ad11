/** Owns where a spec names a Secret or a service account, in every form that a pod has for it. */

export interface Reference {
  readonly kind: 'Secret' | 'ServiceAccount';
  /** Absent: the token of whatever service account the pod comes to run as. */
  readonly name?: string;
  /** Path of the field that names it. */
  readonly field: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Returns what `value` refers to, found by the names that fields have in pods and in our own kinds, at any depth: an
 * overlay on a pod template is merged as it is, so what is not known here must not slip through. A label that is called
 * like such a field counts as well, which errs on the safe side.
 */
export function referencesIn(value: unknown, field: string): Reference[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => referencesIn(item, `${field}[${index}]`));
  }
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const path = `${field}.${key}`;
    return [...referencesAt(key, child, path), ...referencesIn(child, path)];
  });
}

/** Returns what one field refers to by its own value; what lies below it is looked at in its turn. */
function referencesAt(key: string, value: unknown, field: string): Reference[] {
  if (/^secret$|^secretName$|secret(Key)?Ref$/i.test(key)) return secrets([value], field);
  if (key === 'imagePullSecrets' && Array.isArray(value)) return secrets(value, field);
  if (key === 'serviceAccountName' || key === 'serviceAccount') {
    const name = nameIn(value);
    return name === undefined ? [] : [{ kind: 'ServiceAccount', name, field }];
  }
  const isToken =
    key === 'serviceAccountToken' ||
    // A certificate that names the account.
    key === 'podCertificate' ||
    (key === 'automountServiceAccountToken' && value === true);
  return isToken ? [{ kind: 'ServiceAccount', field }] : [];
}

const secrets = (values: readonly unknown[], field: string): Reference[] =>
  values
    .map(nameIn)
    .filter((name) => name !== undefined)
    .map((name) => ({ kind: 'Secret', name, field }));

/** A name stands by itself, or as the name of a reference. */
function nameIn(value: unknown): string | undefined {
  const name = isFields(value) ? value['name'] : value;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
