/** Owns the environment in which a process of Fairlead is measured: that of the one which the chart installs. */
import { join } from 'node:path';
import type { Deployment } from '../../kube/kinds.ts';
import { readManifests } from '../../quickstart/cluster/manifests.ts';
import { repository } from '../../quickstart/settings.ts';

/** Returns what of it concerns Node.js and the machine: the rest names places in a pod. */
export function installedEnvironment(deployment: string): Record<string, string> {
  const installed = readManifests(join(repository, 'config')).filter(({ kind }) => kind === 'Deployment');
  const found = installed.find(({ metadata }) => metadata?.name === deployment) as Deployment;
  const env = found.spec?.template.spec?.containers[0]?.env ?? [];
  return Object.fromEntries(
    env.flatMap(({ name, value }) =>
      value === undefined || name.startsWith('FAIRLEAD_') ? [] : [[name, value] as const],
    ),
  );
}
