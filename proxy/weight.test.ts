/** Owns the proof that the processes of the request path load nothing heavy. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const heavy = [
  'ioredis',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/resources',
  '@opentelemetry/exporter-trace-otlp-proto',
  '@kubernetes/client-node',
  '@peculiar/x509',
  'reflect-metadata',
  'express',
  'jose',
  'ajv',
];

/** Returns the packages that a process loads when it starts; what it imports later, if ever, does not count. */
async function packagesOf(entry: string): Promise<Set<string>> {
  const { metafile } = await build({
    absWorkingDir: join(import.meta.dirname, '..'),
    entryPoints: [entry],
    outdir: 'dist',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  const outputs = new Map(Object.entries(metafile.outputs));
  const loaded = new Set<string>();
  const visit = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { kind, path: next } of outputs.get(path)?.imports ?? []) {
      if (kind === 'import-statement' && outputs.has(next)) visit(next);
    }
  };
  for (const [path, { entryPoint }] of outputs) if (entryPoint === entry) visit(path);
  const inputs = [...loaded].flatMap((path) => Object.keys(outputs.get(path)?.inputs ?? {}));
  return new Set(inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []));
}

describe('what a process loads when it starts', () => {
  it('leaves the heavy packages out of the sidecar, and every second HTTP client', async () => {
    const packages = await packagesOf('proxy/sidecar/main.ts');
    expect(packages).toContain('pino');
    expect([...heavy, 'undici', 'lru-cache'].filter((name) => packages.has(name))).toEqual([]);
  });

  it('leaves the heavy packages out of the gateway', async () => {
    const packages = await packagesOf('proxy/gateway/main.ts');
    expect(packages).toContain('undici');
    expect(heavy.filter((name) => packages.has(name))).toEqual([]);
  });
});
