/** Owns `$(NAME)` references in command lines and environment values. Pure. */

/**
 * Returns `text` with each `$(NAME)` replaced by its value; an unknown name stays as it is, `$$` is one `$`, and so
 * `$$(NAME)` is the text `$(NAME)` (rules of the Kubernetes container specification).
 */
export function expandReferences(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (match, name: string | undefined) => {
    if (name === undefined) return '$';
    return Object.hasOwn(values, name) ? (values[name] ?? '') : match;
  });
}
