/** Owns the regular expressions of schemas: written for Go, run by JavaScript. */

const compiled = new Map<string, RegExp>();

/**
 * Returns the expression, compiled once.
 *
 * @throws SyntaxError where JavaScript cannot read it.
 */
export function compilePattern(source: string): RegExp {
  let pattern = compiled.get(source);
  if (pattern === undefined) {
    pattern = compile(source);
    compiled.set(source, pattern);
  }
  return pattern;
}

function compile(source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch {
    // Go escapes more characters than the unicode mode of JavaScript allows; the other mode takes them.
    return new RegExp(source);
  }
}
