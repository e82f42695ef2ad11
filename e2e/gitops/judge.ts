/** Owns how the tools of GitOps judge an object: their own code, in a program that links it. */
import { join } from 'node:path';
import type { KubeObject } from '../../kube/resource.ts';
import { repository } from '../../quickstart/settings.ts';
import { runProgram } from '../harness/run-program.ts';

const healthCheck = join(repository, 'charts/fairlead/argocd/servingendpoint-health.lua');

interface Judgement {
  readonly status: string;
  readonly message: string;
}

export interface Judgements {
  /** As Flux sees it. */
  readonly kstatus: Judgement;
  /** By the health check that the chart has for Argo CD. */
  readonly argo: Judgement;
}

/** Returns how each judges the object. */
export async function judge(program: string, object: KubeObject): Promise<Judgements> {
  const result = await runProgram(program, [healthCheck], { env: {}, input: JSON.stringify(object) });
  if (result.exitCode !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout) as Judgements;
}
