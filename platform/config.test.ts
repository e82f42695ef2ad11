import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { loadConfig } from './config.ts';

const schema = z.strictObject({
  listenPort: z.int().min(1).max(65535).default(8080),
  logLevel: z.enum(['info', 'debug']).default('info'),
  dryRun: z.boolean().default(false),
  name: z.string().default('fairlead'),
  nested: z.strictObject({ depth: z.int() }).optional(),
});
let directory: string;
let file: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-config-'));
  file = join(directory, 'config.yaml');
  await writeFile(file, 'listenPort: 1111\nlogLevel: debug\nnested: { depth: 3 }\n');
});
afterAll(() => rm(directory, { recursive: true }));

describe('loadConfig', () => {
  it('falls back to the defaults of the schema', () => {
    expect(loadConfig(schema, { argv: [], env: {} })).toMatchObject({ listenPort: 8080, logLevel: 'info' });
  });

  it('prefers a flag to the environment, and the environment to the file', () => {
    const argv = ['--config', file, '--listen-port', '3333'];
    const env = { FAIRLEAD_LISTEN_PORT: '2222', FAIRLEAD_DRY_RUN: 'true' };
    expect(loadConfig(schema, { argv, env })).toMatchObject({
      listenPort: 3333,
      dryRun: true,
      logLevel: 'debug',
      nested: { depth: 3 },
    });
  });

  it('keeps text that looks like a number where the schema wants text', () => {
    expect(loadConfig(schema, { argv: ['--name=007'], env: {} }).name).toBe('007');
  });

  it.each([
    ['a value out of range', ['--listen-port', '70000'], /listenPort: .*--listen-port, FAIRLEAD_LISTEN_PORT/],
    ['a flag that nobody knows', ['--listen-prot', '1'], /command line is invalid: .*--listen-prot/],
    [
      'a file that is not there',
      ['--config', '/nonexistent/file.yaml'],
      /\/nonexistent\/file.yaml cannot be read/,
    ],
  ])('refuses %s by name', (_row, argv, message) => {
    expect(() => loadConfig(schema, { argv, env: {} })).toThrow(message);
  });

  it('refuses a file that holds no object', async () => {
    const list = join(directory, 'list.yaml');
    await writeFile(list, '- 1\n');
    expect(() => loadConfig(schema, { argv: ['--config', list], env: {} })).toThrow(/must hold an object/);
  });
});
