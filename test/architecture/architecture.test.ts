/** Owns the check of the whole repository against the architecture rules. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as rules from './rules.ts';
import { readSources } from './source-file.ts';

const files = readSources(join(import.meta.dirname, '../..'));

describe('the repository', () => {
  it('is seen by the rules', () => {
    expect(files.map(({ path }) => path)).toContain('crds/schema/serving-endpoint.ts');
  });

  it.each(Object.entries(rules))('%s', (_name, rule) => {
    expect(rule(files)).toEqual([]);
  });
});
