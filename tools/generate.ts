/** Owns `npm run generate`: writes every generated file; with `--into <directory>` below that directory instead. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeGeneratedFiles } from '../crds/codegen/generated-files.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { into: { type: 'string' } } });

for (const [path, content] of makeGeneratedFiles()) {
  const target = join(values.into ?? root, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
  console.log(`wrote ${path}`);
}
