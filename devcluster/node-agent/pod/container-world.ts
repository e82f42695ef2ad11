/** Owns everything a container's process is started with: command, environment, directories. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod } from '../../controllers/objects/kinds.ts';
import type { LocalImage } from '../image-table.ts';
import { commandOf, searchPathOf, withExecutable } from '../image-table.ts';
import type { PodVolumes } from '../volumes/pod-volumes.ts';
import type { PodAddresses } from '../world/downward.ts';
import type { Lookups } from '../world/environment.ts';
import { makeEnvironment } from '../world/environment.ts';
import { expandReferences } from '../world/expansion.ts';
import { makeRewriter } from '../world/rewrite.ts';
import { serviceLinks } from '../world/service-links.ts';
import type { NodeParts } from './node-parts.ts';

export interface ContainerWorld {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDir: string;
  /** The file behind `terminationMessagePath`. */
  readonly terminationLog: string;
  /** Returns a command of a probe or hook as it is run in this container. */
  commandFor(words: readonly string[]): string[];
}

export interface ContainerWorldInput {
  readonly node: NodeParts;
  readonly pod: Pod;
  readonly container: Container;
  readonly image: LocalImage;
  readonly addresses: PodAddresses;
  readonly volumes: PodVolumes;
  /** The container's own directory; what was in it is removed, as a new container starts from its image. */
  readonly directory: string;
}

const defaultTerminationPath = '/dev/termination-log';

/**
 * Makes the container's directories and returns what its process is started with.
 *
 * @throws AppError `CONTAINER_CONFIG_INVALID`, `MOUNT_FAILED`, `FIELD_PATH_UNSUPPORTED` in kubelet's words.
 */
export async function makeContainerWorld(input: ContainerWorldInput): Promise<ContainerWorld> {
  const { node, pod, container, image, addresses, directory } = input;
  const variables = {
    ...image.env,
    ...makeEnvironment({ ...environmentInput(input), pod, container, addresses }),
  };
  const mounts = await input.volumes.mountsOf(pod, container, variables);
  const terminationLog = join(directory, 'termination-log');
  const home = join(directory, 'home');
  const temporary = join(directory, 'tmp');
  await rm(directory, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  await mkdir(temporary);
  await writeFile(terminationLog, '');
  const terminationPath = container.terminationMessagePath ?? defaultTerminationPath;
  const rewrite = makeRewriter({
    mounts: [...mounts, { mountPath: terminationPath, path: terminationLog }],
    ...(pod.spec.hostNetwork === true ? {} : { address: addresses.podIP }),
  });
  const words = commandOf(image, container).map((word) => rewrite(expandReferences(word, variables)));
  const own = Object.entries(variables).map(([name, value]) => [name, rewrite(value)] as const);
  const workingDir = container.workingDir ?? image.workingDir;
  return {
    command: words,
    environment: {
      PATH: searchPathOf(image),
      HOME: home,
      TMPDIR: temporary,
      LANG: 'C.UTF-8',
      HOSTNAME: pod.spec.hostname ?? pod.metadata.name,
      ...Object.fromEntries(own),
      ...node.apiEnvironment(),
    },
    workingDir: workingDir === undefined || workingDir === '' ? home : rewrite(workingDir),
    terminationLog,
    commandFor: (command) => withExecutable(image, command).map(rewrite),
  };
}

function environmentInput({ node, pod }: ContainerWorldInput) {
  const namespace = pod.metadata.namespace ?? '';
  const { services } = node.api;
  const master = services.get('kubernetes', 'default');
  const known = [...services.list(namespace), ...(master === undefined ? [] : [master])];
  return {
    allocatable: node.allocatable,
    lookups: lookupsFor(node, namespace),
    serviceLinks: serviceLinks(known, namespace, pod.spec.enableServiceLinks ?? true),
  };
}

/** Returns how a pod of `namespace` finds ConfigMaps and Secrets. */
export function lookupsFor(node: NodeParts, namespace: string): Lookups {
  return {
    configMap: (name) => node.api.configMaps.get(name, namespace),
    secret: (name) => node.api.secrets.get(name, namespace),
  };
}
