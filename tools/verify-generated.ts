/** Owns the check that generated files are committed as they would be generated now, and that none is left over. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAllGeneratedFiles } from './generated-files.ts';

const root = join(import.meta.dirname, '..');
const generatedFolders = [
  'crds/*.yaml',
  'docs/reference/*.md',
  'charts/fairlead/files/{crds,runtimes}/*.yaml',
];

function differenceOf(path: string, wanted: string): string | undefined {
  const file = join(root, path);
  if (!existsSync(file)) return 'is missing';
  const found = readFileSync(file, 'utf8').split('\n');
  const lines = wanted.split('\n');
  const index = lines.findIndex((line, at) => line !== found[at]);
  if (index === -1) return found.length > lines.length ? 'has lines too many at its end' : undefined;
  return `differs in line ${index + 1}:\n  - ${found[index] ?? '(end of file)'}\n  + ${lines[index] ?? ''}`;
}

const generated = makeAllGeneratedFiles();
const problems = [...generated].flatMap(([path, content]) => {
  const difference = differenceOf(path, content);
  return difference === undefined ? [] : [`${path} ${difference}`];
});
const leftOver = globSync(generatedFolders, { cwd: root }).filter((path) => !generated.has(path));
problems.push(...leftOver.map((path) => `${path} is generated no more: delete it`));

for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
