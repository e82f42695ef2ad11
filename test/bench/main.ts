/**
 * Owns `npm run bench [-- <suite> …]`: runs the suites one after the other, prints their figures and writes them to
 * results/<suite>.{json,md}. Without an argument it runs `proxy`; `scale` takes about a quarter of an hour.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLimitsSuite } from './limits/suite.ts';
import { runProxySuite } from './proxy/suite.ts';
import { runScaleSuite } from './scale/suite.ts';
import type { SuiteReport } from './suite-report.ts';

const suites: Readonly<Record<string, () => Promise<SuiteReport>>> = {
  limits: runLimitsSuite,
  proxy: runProxySuite,
  scale: runScaleSuite,
};

const given = process.argv.slice(2);
const unknown = given.find((name) => !Object.hasOwn(suites, name));
if (unknown !== undefined) {
  console.error(`bench: there is no suite "${unknown}"; there are ${Object.keys(suites).join(' and ')}`);
  process.exit(2);
}
for (const name of given.length === 0 ? ['proxy'] : given) {
  const { figures, table } = (await suites[name]?.()) ?? { figures: {}, table: '' };
  const results = join(import.meta.dirname, 'results', name);
  writeFileSync(`${results}.json`, `${JSON.stringify(figures, null, 2)}\n`);
  writeFileSync(`${results}.md`, table);
  console.log(table);
}
