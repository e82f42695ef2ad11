/** Owns what a person can choose about a quickstart run. */
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { loadConfig } from '../platform/config.ts';
import type { ConfigSources } from '../platform/config.ts';

/** The root of the repository: what runs and what is applied comes from there. */
export const repository = join(import.meta.dirname, '..');

const settingsSchema = z.object({
  port: z.int().min(1).max(65535).default(8080).describe('Where the gateway listens on 127.0.0.1.'),
  home: z
    .string()
    .min(1)
    .default(join(repository, '.fairlead'))
    .describe('Holds the state, the logs and the Python environment between two runs.'),
});

export interface Settings {
  readonly port: number;
  readonly home: string;
}

/**
 * Returns the settings: `--port` and `--home`, else `FAIRLEAD_PORT` and `FAIRLEAD_HOME`, else the defaults.
 *
 * @throws AppError `CONFIG_INVALID` as `loadConfig` does.
 */
export function readSettings(sources: ConfigSources): Settings {
  const { port, home } = loadConfig(settingsSchema, sources);
  return { port, home: resolve(home) };
}

/**
 * Returns the gateway's admin port: its pod has the machine's own address, where 9090 may be somebody else's. The same at
 * every start, so that the gateway's Deployment does not change.
 */
export const adminPortOf = (port: number): number => (port > 50_000 ? port - 10_000 : port + 10_000);

/** Returns the gateway's port for callers of route-optimised endpoints, apart from those of others likewise. */
export const directPortOf = (port: number): number => adminPortOf(port) + 1;
