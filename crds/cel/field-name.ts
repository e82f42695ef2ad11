/** Owns how a CEL rule spells a field whose name CEL reserves (Kubernetes: escaping of `__`, `.`, `-`, `/` and keywords). */

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** Returns the name by which a CEL rule reaches the field `name`: `self.${celFieldName('x-y')}` is `self.x__dash__y`. */
export function celFieldName(name: string): string {
  if (reserved.has(name)) return `__${name}__`;
  return name.replaceAll(/__|[.\-/]/g, (match) => escapes[match] ?? match);
}
