/** Owns the node of the real control plane as a child process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '../../../kube/client.ts';
import { makeKind } from '../../../kube/resource.ts';
import type { KubeObject } from '../../../kube/resource.ts';
import { AppError } from '../../../platform/errors.ts';
import { makeImageTable } from '../../../quickstart/cluster/devcluster-process.ts';
import { startServiceProcess } from '../../../quickstart/processes/service-process.ts';
import { repository } from '../../../quickstart/settings.ts';
import { nodeAddress, podAddresses } from '../../controlplane/addresses.ts';
import { makeKubeconfig } from '../../controlplane/kubeconfig.ts';
import type { Pki } from '../../controlplane/pki.ts';
import type { Run } from './run.ts';

interface Node extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const nodes = makeKind<Node>('v1', 'Node', 'nodes', 'cluster');
const timeoutMs = 30_000;

/**
 * Starts the node and returns once it is Ready; it ends with the run's lifetime, and the lifetime with it.
 *
 * @throws AppError `NODE_FAILED` with the end of its log.
 */
export async function startNodeProcess(
  { home, interpreter, lifetime }: Run,
  { client, pki }: { readonly client: KubeClient; readonly pki: Pki },
): Promise<void> {
  const kubeconfig = join(home.dir, 'node.kubeconfig');
  writeFileSync(kubeconfig, makeKubeconfig(pki, 'node'), { mode: 0o600 });
  const config = join(home.dir, 'node.json');
  const settings = {
    kubeconfig,
    stateDir: join(home.dir, 'node'),
    logsDir: home.logs,
    nodeAddress,
    podAddresses,
    capacity: { cpu: '64', memory: '256Gi', pods: '500' },
    images: withNext(makeImageTable(interpreter)),
    kubelet: {
      certFile: join(pki.dir, 'kubelet.crt'),
      keyFile: join(pki.dir, 'kubelet.key'),
      clientCaFile: join(pki.dir, 'ca.crt'),
    },
  };
  writeFileSync(config, JSON.stringify(settings));
  const program = join(repository, 'e2e', 'node', 'main.ts');
  const node = startServiceProcess(
    'node',
    [process.execPath, program, '--config', config, '--end-with-stdin', 'true'],
    { logFile: home.logFile('node'), env: process.env },
  );
  lifetime.add(node);
  let ended: string | undefined;
  void node.ended.then((how) => {
    ended = how;
    if (!lifetime.signal.aborted) lifetime.ask(`the node ended (${how}):\n${node.lastLines(10)}`, 'failure');
  });
  const deadline = performance.now() + timeoutMs;
  while (!(await hasReadyNode(client))) {
    if (ended !== undefined || performance.now() > deadline) {
      const what = ended === undefined ? `is not Ready after ${timeoutMs / 1_000} s` : `ended (${ended})`;
      throw new AppError('NODE_FAILED', `the node ${what}; the end of its log:\n${node.lastLines(10)}`);
    }
    await delay(100);
  }
}

async function hasReadyNode(client: KubeClient): Promise<boolean> {
  const { items } = await client.list(nodes);
  return items.some(({ status }) =>
    status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
  );
}

/** A second name for the image of Fairlead: what is rolled out with it is another image, as far as Kubernetes knows. */
function withNext(images: Readonly<Record<string, object>>): object {
  return { ...images, 'fairlead:next': images['fairlead:dev'] };
}
