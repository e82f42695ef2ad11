/**
 * Owns that `node_modules/.bin/node` is the Node that this project brings. npm 10, which comes with Node 20, takes the
 * link away together with the packages for other platforms: they share its name. Plain JavaScript for the machine's Node.
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const link = join(root, 'node_modules', '.bin', 'node');
const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const brought = Object.keys(optionalDependencies).find((name) =>
  existsSync(join(root, 'node_modules', name, 'bin', 'node')),
);
if (brought !== undefined && !existsSync(link)) {
  mkdirSync(join(link, '..'), { recursive: true });
  symlinkSync(join('..', brought, 'bin', 'node'), link);
}
