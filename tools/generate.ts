/** Owns `npm run generate`: writes every generated file. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeGeneratedFiles } from '../crds/codegen/generated-files.ts';

const root = join(import.meta.dirname, '..');

for (const [path, content] of makeGeneratedFiles()) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  console.log(`wrote ${path}`);
}
