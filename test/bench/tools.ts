/** Owns the programs that the benchmark needs from the system, and what to say when they are missing. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Returns the path of `program`. */
export function findTool(program: string): string {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const found = places.map((place) => join(place, program)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  console.error(`bench: ${program} is missing. On Debian or Ubuntu: apt-get install -y nginx-light wrk`);
  process.exit(1);
}
