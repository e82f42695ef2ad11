/** Owns the proof that the part of the bundles which sends traces works as it is bundled: it is loaded on demand only. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { buildBundles } from '../../image/bundles.ts';
import { startCollector } from '../../proxy/testing/collector-fixture.ts';

const dist = join(import.meta.dirname, '../../dist');

/** In a process of its own: the test's would transform the bundle before it runs it. */
const program = (chunk: string, endpoint: string): string => `
  import { startOtlpExport } from ${JSON.stringify(`./${chunk}`)};
  const metric = { inc() {} };
  const exporter = startOtlpExport({
    endpoint: ${JSON.stringify(endpoint)},
    service: 'fairlead-sidecar',
    instance: 'iris-0',
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    registry: { getSingleMetric: () => metric },
    log: { warn: (fields) => console.error(fields) },
  });
  const ids = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
  exporter.take([{ ...ids, name: 'forward', kind: 'client', from: 1, to: 2, attributes: {}, events: [] }]);
  await exporter.stop();
`;

it('the bundled exporter sends spans to a collector', async () => {
  await buildBundles();
  expect(readFileSync(join(dist, 'sidecar.js'), 'utf8')).not.toContain('OTLPTraceExporter');
  const chunk = readdirSync(dist).find((name) => /^otlp-export-\w+\.js$/.test(name)) ?? '';
  const collector = await startCollector();
  const args = ['--input-type=module', '--eval', program(chunk, collector.url)];
  const { stderr } = await promisify(execFile)(process.execPath, args, { cwd: dist });
  expect(stderr).toBe('');
  expect(collector.spans).toMatchObject([{ service: 'fairlead-sidecar', name: 'forward' }]);
  await collector.stop();
});
