/** Owns `npm run bench [-- <suite> …]` and `npm run bench -- compare [file]`; README.md beside it says what they do. */
import { AppError, messageOf } from '../../platform/errors.ts';
import { runCompare } from './compare/run-compare.ts';
import { isQuick } from './pace.ts';
import { keepResult } from './results-file.ts';
import { makeMarkdown, runSuite } from './run-suite.ts';
import { requestPathSuites, suites } from './suites.ts';

async function main([first, ...rest]: readonly string[]): Promise<boolean> {
  if (first === 'compare') return runCompare(rest[0]);
  const names = first === undefined ? requestPathSuites : [first, ...rest];
  const unknown = names.find((name) => !Object.hasOwn(suites, name));
  if (unknown !== undefined) {
    const known = [...Object.keys(suites), 'compare'].join(', ');
    throw new AppError('SUITE_UNKNOWN', `there is no suite "${unknown}"; there are ${known}`);
  }
  for (const name of names) {
    const run = suites[name];
    if (run === undefined) continue;
    const result = await runSuite(name, run);
    const markdown = makeMarkdown(result);
    // What was left out whole must not take the place of what was measured once.
    const isEmpty = Object.keys(result.figures).length === 0;
    if (!isQuick && !isEmpty) {
      const { text: _text, ...figures } = result;
      keepResult(name, figures, markdown);
    }
    console.log(markdown);
  }
  return true;
}

// Ends what it has started, as every other end does.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  if (!(await main(process.argv.slice(2)))) process.exitCode = 1;
} catch (error) {
  console.error(`bench: ${error instanceof AppError ? messageOf(error) : String((error as Error).stack)}`);
  process.exitCode = 2;
}
