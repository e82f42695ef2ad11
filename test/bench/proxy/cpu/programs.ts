/** Owns the contestants' programs: found, installed or built, their versions, and which of them this machine lacks. */
import { buildTool, goVersion, queueProxyProgram, queueProxyVersion } from '../../tools/go-tools.ts';
import { installEnvoy } from '../../tools/envoy.ts';
import { checkTools, findTool } from '../../tools/find-tool.ts';
import { versionOf } from '../../tools/version-of.ts';
import { startBareNode } from '../contestants/bare-node.ts';
import { envoyFrom } from '../contestants/envoy.ts';
import { startHaproxy } from '../contestants/haproxy.ts';
import type { StartProxy } from '../contestants/hop.ts';
import { startNginx } from '../contestants/nginx.ts';
import { checkFixedPorts, checkOwnMounts, queueProxyFrom } from '../contestants/queue-proxy.ts';

export interface Programs {
  /** Those that can take any place, by name; the yardsticks last. */
  readonly proxies: Readonly<Record<string, StartProxy>>;
  readonly queueProxy: QueueProxy;
  readonly versions: Readonly<Record<string, string>>;
  /** Sentences. */
  readonly leftOut: readonly string[];
}

interface QueueProxy {
  readonly plain?: StartProxy;
  readonly tls?: StartProxy;
  readonly leftOut: readonly string[];
}

/**
 * Returns the programs.
 *
 * @throws AppError `TOOL_MISSING` with the command that installs what is missing; `COMMAND_FAILED` of an installation.
 */
export async function findPrograms(): Promise<Programs> {
  checkTools(['nginx', 'haproxy', 'wrk']);
  const envoy = await installEnvoy();
  const queueProxy = await findQueueProxy();
  return {
    proxies: {
      HAProxy: startHaproxy,
      'node:http + undici': startBareNode,
      nginx: startNginx,
      Envoy: envoyFrom(envoy),
    },
    queueProxy,
    versions: {
      nginx: versionOf(findTool('nginx'), '-v'),
      HAProxy: versionOf(findTool('haproxy'), '-v'),
      Envoy: versionOf(envoy, '--version'),
      ...(queueProxy.plain === undefined
        ? {}
        : { 'Knative queue-proxy': `${queueProxyVersion} (${goVersion()})` }),
      wrk: versionOf(findTool('wrk'), '-v'),
    },
    leftOut: queueProxy.leftOut,
  };
}

async function findQueueProxy(): Promise<QueueProxy> {
  const without = (why: string): QueueProxy => ({ leftOut: [`Knative queue-proxy: ${why}.`] });
  const taken = await checkFixedPorts();
  if (taken !== undefined) return without(taken);
  const build = await buildTool(queueProxyProgram);
  if ('missing' in build) return without(build.missing);
  const plain = queueProxyFrom(build.path);
  const noMounts = checkOwnMounts();
  if (noMounts === undefined) return { plain, tls: plain, leftOut: [] };
  return {
    plain,
    leftOut: [`Knative queue-proxy with TLS: it reads certificates at a fixed place only (${noMounts}).`],
  };
}
