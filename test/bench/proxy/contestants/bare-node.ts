/** Owns node:http + undici as a contestant: what Node itself costs. */
import { join } from 'node:path';
import { startMeasured } from '../../measured-process.ts';
import type { StartProxy } from './hop.ts';

const script = join(import.meta.dirname, 'bare-node-proxy.ts');

/** Starts it. */
export const startBareNode: StartProxy = (hop) =>
  startMeasured([process.execPath, script, JSON.stringify(hop)], { port: hop.port });
