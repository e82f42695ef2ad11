/** Owns node:http + undici as a contestant. */
import { join } from 'node:path';
import { startMeasured } from '../../measured-process.ts';
import type { StartProxy } from './hop.ts';

const script = join(import.meta.dirname, 'bare-node-proxy.ts');

/** Starts it, plain on both sides. */
export const startBareNode: StartProxy = ({ port, to }) =>
  startMeasured([process.execPath, script, String(port), String(to)], { port });
