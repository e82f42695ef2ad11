/** Owns Envoy as a contestant: the yardstick of design §8. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMeasured } from '../../measured-process.ts';
import { makeEnvoyConfig } from './envoy-config.ts';
import type { StartProxy } from './hop.ts';

/** Returns how `binary` is started, with one worker thread. */
export const envoyFrom =
  (binary: string): StartProxy =>
  (hop) => {
    const file = join(hop.directory, `${hop.name}-${hop.port}.json`);
    writeFileSync(file, JSON.stringify(makeEnvoyConfig(hop)));
    const flags = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'warn'];
    return startMeasured([binary, '-c', file, ...flags], { port: hop.port });
  };
