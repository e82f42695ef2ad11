/** Owns what the containers of one pod share on this machine: its address and its volumes. */
import { join } from 'node:path';
import { messageOf } from '../../../platform/errors.ts';
import type { Pod } from '../../controllers/objects/kinds.ts';
import { checkPodAddress } from '../network/addresses.ts';
import { PodVolumes } from '../volumes/pod-volumes.ts';
import { withServiceAccount } from '../volumes/service-account.ts';
import type { PodAddresses } from '../world/downward.ts';
import { lookupsFor } from './container-world.ts';
import type { NodeParts } from './node-parts.ts';

export class PodSandbox {
  readonly volumes: PodVolumes;
  readonly #node: NodeParts;
  #address = '';
  #mounted = false;

  /** `directory` is the pod's own; the volumes lie below it. */
  constructor(node: NodeParts, directory: string) {
    this.#node = node;
    this.volumes = new PodVolumes(join(directory, 'volumes'), (request) => node.api.issueToken(request));
  }

  get addresses(): PodAddresses {
    return { podIP: this.#address, hostIP: this.#node.nodeAddress };
  }

  /** Whether all volumes were there once: from then on the containers can run with what is there. */
  get isMounted(): boolean {
    return this.#mounted;
  }

  /**
   * Gives the pod its address and its volumes, or brings the latter up to date.
   *
   * @throws AppError as the address check does, and `MOUNT_FAILED`; the pod has an event that says so.
   */
  async prepare(pod: Pod): Promise<void> {
    await this.#allocate(pod);
    const node = this.#node;
    const view = this.viewOf(pod);
    const sources = {
      pod: view,
      addresses: this.addresses,
      allocatable: node.allocatable,
      lookups: lookupsFor(node, pod.metadata.namespace ?? ''),
    };
    try {
      await this.volumes.update(view, sources, node.clock.now());
      this.#mounted = true;
    } catch (error) {
      node.api.events.record(pod, { type: 'Warning', reason: 'FailedMount', message: messageOf(error) });
      throw error;
    }
  }

  /** Returns the pod as its containers see it: with the volume of its service account. */
  viewOf(pod: Pod): Pod {
    const { serviceAccountName = 'default' } = pod.spec;
    const account = this.#node.api.serviceAccounts.get(serviceAccountName, pod.metadata.namespace ?? '');
    return withServiceAccount(pod, account);
  }

  async #allocate(pod: Pod): Promise<void> {
    const node = this.#node;
    if (this.#address !== '') return;
    if (pod.spec.hostNetwork === true) {
      this.#address = node.nodeAddress;
      return;
    }
    const address = node.addresses.allocate(pod.metadata.uid, node.clock.monotonic());
    const problem = await checkPodAddress(address);
    if (problem !== undefined) {
      const message = `Failed to create pod sandbox: ${problem.message}`;
      node.api.events.record(pod, { type: 'Warning', reason: 'FailedCreatePodSandBox', message });
      throw problem;
    }
    this.#address = address;
  }
}
