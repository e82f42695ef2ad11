/**
 * Owns `npm run images`: builds the container images with the engine that is there.
 * `--engine docker|podman|buildah`, `--image fairlead` (repeatable), `--registry registry.example/ml`, `--tag 0.2.0`, `--push`,
 * `--platform linux/amd64` (repeatable), `--base node=…@sha256:…` (repeatable), `--print` to run nothing.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBuildCommands } from '../image/build-commands.ts';
import { readBuildRequest } from '../image/build-request.ts';

const root = join(import.meta.dirname, '..');

const succeeds = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;

/** Asked for what it is about to do: a docker without its buildx, or whose daemon is away, is no engine. */
const works = {
  docker: () => succeeds('docker', 'buildx', 'version') && succeeds('docker', 'info'),
  podman: () => succeeds('podman', 'info'),
  buildah: () => succeeds('buildah', 'info'),
};

function git(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')} failed: ${stderr}`);
  return stdout.trim();
}

function main(): number {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string' },
      image: { type: 'string', multiple: true },
      registry: { type: 'string' },
      tag: { type: 'string', default: 'dev' },
      push: { type: 'boolean', default: false },
      platform: { type: 'string', multiple: true, default: [] },
      base: { type: 'string', multiple: true, default: [] },
      print: { type: 'boolean', default: false },
    },
  });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  // A tree with changes of its own is no revision.
  const revision = `${git('rev-parse', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '-dirty'}`;
  const source = { version, revision, epoch: Number(git('log', '-1', '--format=%ct')) };
  const request = readBuildRequest(values, source, (engine) => values.print || works[engine]());
  for (const [program, ...args] of makeBuildCommands(request)) {
    console.log(`+ ${[program, ...args].join(' ')}`);
    if (values.print) continue;
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(source.epoch) };
    const { status, error } = spawnSync(program, args, { cwd: root, env, stdio: 'inherit' });
    if (status !== 0) {
      console.error(`images: ${program} failed${error === undefined ? '' : `: ${error.message}`}`);
      return 1;
    }
  }
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`images: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
