/** Owns the stock kubectl as a journey calls it. */
import { join } from 'node:path';
import type { ClusterUnderTest } from './cluster-under-test.ts';
import { runProgram } from './run-program.ts';
import type { ProgramResult } from './run-program.ts';

export type Kubectl = (args: readonly string[], input?: string) => Promise<ProgramResult>;

/** Returns a function that runs one kubectl command against a cluster. */
export function makeKubectl(path: string, { kubeconfig, scratch }: ClusterUnderTest): Kubectl {
  // What it discovers of a cluster it keeps for hours, by an address that another run's cluster has as well.
  const env = { KUBECONFIG: kubeconfig, KUBECACHEDIR: join(scratch, 'kubectl') };
  return (args, input = '') => runProgram(path, args, { env, input });
}
