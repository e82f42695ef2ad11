/** Owns the list of files that are generated from sources of this repository alone. */
import { join } from 'node:path';
import { makeChartFiles } from '../charts/codegen/chart-files.ts';
import { makeGeneratedFiles } from '../crds/codegen/generated-files.ts';

const root = join(import.meta.dirname, '..');

/** Returns the content of each by its path from the root of the repository. */
export function makeAllGeneratedFiles(): ReadonlyMap<string, string> {
  const files = makeGeneratedFiles();
  const crds = new Map([...files].filter(([path]) => path.startsWith('crds/')));
  return new Map([...files, ...makeChartFiles(root, crds)]);
}
