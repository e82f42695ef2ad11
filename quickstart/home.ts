/** Owns where things lie in the quickstart's own folder. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Home {
  /** The embedded cluster keeps its objects, keys and pods here as well. */
  readonly dir: string;
  readonly kubeconfig: string;
  /** The bearer token of the person at this machine. */
  readonly token: string;
  readonly logs: string;
  readonly python: string;
  readonly registry: string;
  readonly pidFile: string;
  /** Returns the log file of one of the quickstart's own steps. */
  logFile(step: string): string;
}

/** Returns the layout of `dir` and makes the folders that have to exist. */
export function makeHome(dir: string): Home {
  const home: Home = {
    dir,
    kubeconfig: join(dir, 'kubeconfig'),
    token: join(dir, 'token'),
    logs: join(dir, 'logs'),
    python: join(dir, 'python'),
    registry: join(dir, 'mlflow'),
    pidFile: join(dir, 'quickstart.pid'),
    logFile: (step) => join(dir, 'logs', `${step}.log`),
  };
  mkdirSync(home.logs, { recursive: true });
  mkdirSync(home.registry, { recursive: true });
  return home;
}
