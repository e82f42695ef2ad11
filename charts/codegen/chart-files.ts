/** Owns the list of the chart's generated files: what each holds and where in the repository it stands. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeReadme } from './make-readme.ts';
import { makeValuesSchema } from './make-values-schema.ts';
import { makeProcessConfigs } from './process-configs.ts';
import { readValues } from './read-values.ts';

const chart = 'charts/fairlead';

/**
 * Returns the content of every generated file of the chart by its path from the root of the repository.
 *
 * @param crds - content of the CRDs by their path: a chart holds its own copy of what it installs.
 * @throws AppError `VALUES_INVALID`.
 */
export function makeChartFiles(root: string, crds: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const values = readValues(readFileSync(join(root, chart, 'values.yaml'), 'utf8'));
  const configs = makeProcessConfigs();
  const files = new Map<string, string>();
  files.set(`${chart}/values.schema.json`, `${JSON.stringify(makeValuesSchema(values, configs), null, 2)}\n`);
  files.set(`${chart}/README.md`, makeReadme(values, configs));
  for (const [path, content] of crds)
    files.set(`${chart}/files/crds/${basename(path)}`, keepOnUninstall(content));
  for (const path of globSync('runtimes/*.yaml', { cwd: root }).sort()) {
    files.set(`${chart}/files/runtimes/${basename(path)}`, readFileSync(join(root, path), 'utf8'));
  }
  return files;
}

/** Without its definition Kubernetes deletes every object of a kind: no release may take endpoints with it. */
const keepOnUninstall = (crd: string): string =>
  crd.replace(
    /^metadata:\n/m,
    'metadata:\n  annotations:\n    helm.sh/resource-policy: keep\n  labels:\n    app.kubernetes.io/part-of: fairlead\n',
  );
