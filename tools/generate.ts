/** Owns `npm run generate`: writes every generated file. */
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeAllGeneratedFiles } from './generated-files.ts';
import { renderChart, renderedFolders, withHelm } from './render-chart.ts';

const root = join(import.meta.dirname, '..');

function write(files: ReadonlyMap<string, string>): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    console.log(`wrote ${path}`);
  }
}

write(makeAllGeneratedFiles());
// Last, because the chart holds copies of what was written before.
const rendered = await withHelm(renderChart);
if ('missing' in rendered) console.log(`what the chart renders stays as it is: ${rendered.missing}`);
else {
  for (const path of globSync(renderedFolders, { cwd: root })) rmSync(join(root, path));
  write(rendered);
}
