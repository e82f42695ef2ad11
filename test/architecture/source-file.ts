/** Owns what the architecture rules see of a source file: its text, its imports, and the globals that it reads. */
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';

export interface Import {
  /** A file of this repository by its path from the root, or the name of a package or built-in module. */
  readonly target: string;
  /** Gone at run time: `import type`, `export type … from`, and `import('…')` in a type. */
  readonly isTypeOnly: boolean;
  /** Loaded on demand: `await import('…')`. */
  readonly isDynamic: boolean;
}

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  /** `process`, `Date.now`, `setTimeout` …: identifiers and dotted names that the file reads. */
  readonly names: ReadonlySet<string>;
}

const ignored = new Set(['node_modules', 'dist', '.fairlead', '.git']);

/** Returns every TypeScript file of the repository at `root`. */
export function readSources(root: string): SourceFile[] {
  const paths = globSync('**/*.ts', { cwd: root, exclude: (name) => ignored.has(posix.basename(name)) });
  return paths.sort().map((path) => parseSource(path, readFileSync(`${root}/${path}`, 'utf8')));
}

/** Returns what the TypeScript parser finds in one file. */
export function parseSource(path: string, text: string): SourceFile {
  const parsed = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  const imports: Import[] = [];
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const found = importIn(node);
    if (found !== undefined) imports.push({ ...found, target: resolve(path, found.target) });
    if (ts.isIdentifier(node)) names.add(node.text);
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      names.add(`${node.expression.text}.${node.name.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return { path, text, imports, names };
}

function importIn(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node)) {
    const isTypeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return importOf(node.moduleSpecifier, { isTypeOnly });
  }
  if (ts.isExportDeclaration(node)) return importOf(node.moduleSpecifier, { isTypeOnly: node.isTypeOnly });
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return importOf(node.argument.literal, { isTypeOnly: true });
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return importOf(node.arguments[0], { isDynamic: true });
  }
  return undefined;
}

function importOf(specifier: ts.Node | undefined, kind: Partial<Import>): Import | undefined {
  if (specifier === undefined || !ts.isStringLiteral(specifier)) return undefined;
  return { target: specifier.text, isTypeOnly: false, isDynamic: false, ...kind };
}

function resolve(from: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : specifier;
}
