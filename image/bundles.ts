/** Owns the bundles in dist/: what goes into them, and when they are out of date. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';

const repository = join(import.meta.dirname, '..');
const dist = join(repository, 'dist');
const stampFile = join(dist, 'inputs.json');
const recipe = 'image/bundles.ts';

const imageEntries = {
  fairlead: 'image/fairlead.ts',
  operator: 'operator/main.ts',
  gateway: 'proxy/gateway/main.ts',
  sidecar: 'proxy/sidecar/main.ts',
  api: 'api/main.ts',
};
const allEntries = { ...imageEntries, devcluster: 'devcluster/main.ts' };

/**
 * An ES module's import of node:http evaluates all its exports, WebSocket among them, and with that loads a whole
 * second HTTP client: 10 MB of memory in each process, and in each pod. Asked for as a module object it does not.
 */
const leanHttp: Plugin = {
  name: 'lean-http',
  setup: (build) => {
    build.onResolve({ filter: /^(node:)?http$/ }, ({ kind }) => ({
      // An import on demand is of an ES module: it takes apart what it gets by name.
      path: kind === 'dynamic-import' ? 'node:http-on-demand' : 'node:http',
      namespace: 'lean-http',
    }));
    build.onLoad({ filter: /^node:http$/, namespace: 'lean-http' }, () => ({
      contents: "module.exports = process.getBuiltinModule('node:http');",
    }));
    build.onLoad({ filter: /on-demand$/, namespace: 'lean-http' }, () => ({
      contents: "export const { Agent, request } = process.getBuiltinModule('node:http');",
    }));
  },
};

/**
 * Parts of prom-client that nobody here uses load node:cluster, node:https and zlib, which cost each process several
 * megabytes: pushing to a gateway of Prometheus, and summing up over a cluster's workers.
 */
const leanMetrics: Plugin = {
  name: 'lean-metrics',
  setup: (build) => {
    build.onLoad({ filter: /prom-client\/lib\/(pushgateway|cluster)\.js$/ }, () => ({
      contents: 'module.exports = class Unused {};',
    }));
  },
};

/** What of the bundles to build: `image` leaves out what the container image does not hold. */
export type BundleSet = 'all' | 'image';

/**
 * Writes the bundles that are out of date and returns whether there were any. Each process loads its own bundle and the
 * chunks that it shares, so that a light process (the sidecar) never parses the code of a heavy one.
 *
 * @throws BuildFailure of esbuild, with the place of each problem.
 */
export async function buildBundles(set: BundleSet = 'all'): Promise<boolean> {
  if (isUpToDate(set)) return false;
  const { metafile } = await build({
    absWorkingDir: repository,
    entryPoints: set === 'image' ? imageEntries : allEntries,
    outdir: dist,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'silent',
    plugins: [leanHttp, leanMetrics],
    // CommonJS dependencies call require() for Node's own modules, which an ES module does not have.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
    },
  });
  const files = Object.keys(metafile.inputs).filter((path) => !path.startsWith(`${leanHttp.name}:`));
  const inputs = [recipe, ...files];
  writeFileSync(stampFile, JSON.stringify({ set, versions: versionsOf(inputs) }));
  // Chunk names carry a hash of their content; those of earlier builds go only now, so that nobody who starts a
  // process during the build finds a file missing.
  const written = new Set(['dist/inputs.json', ...Object.keys(metafile.outputs)]);
  for (const file of readdirSync(dist)) {
    if (!written.has(`dist/${file}`)) rmSync(join(dist, file), { recursive: true });
  }
  return true;
}

function isUpToDate(set: BundleSet): boolean {
  try {
    const stamp = JSON.parse(readFileSync(stampFile, 'utf8')) as {
      set: BundleSet;
      versions: Record<string, string>;
    };
    const now = versionsOf(Object.keys(stamp.versions));
    return (
      stamp.set === set && Object.entries(stamp.versions).every(([path, version]) => now[path] === version)
    );
  } catch {
    // No stamp, or an input is gone: both mean that the bundles have to be built.
    return false;
  }
}

function versionsOf(inputs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    inputs.map((path) => {
      const { mtimeMs, size } = statSync(join(repository, path));
      return [path, `${mtimeMs}:${size}`];
    }),
  );
}
