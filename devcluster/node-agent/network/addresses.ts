/** Owns the addresses of pods: each has one of its own from the node's range. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { AppError } from '../../../platform/errors.ts';

/** An address rests before it is given to another pod, so that no late connection meets a stranger. */
const restMs = 60_000;
/** Host 0 is the network, host 1 by custom the node's own. */
const firstHost = 2;

/** The range of the embedded cluster: Linux answers on all of it without being asked. */
export const loopbackRange = '127.66.0.0/16';

export class AddressPool {
  readonly #range: string;
  readonly #network: number;
  readonly #lastHost: number;
  readonly #addressOf = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #releasedAt = new Map<string, number>();
  #next: number;

  /**
   * `range` is IPv4 in CIDR notation; the first `skipped` of its addresses are given last.
   *
   * @throws AppError `POD_RANGE_INVALID`.
   */
  constructor(range: string, skipped = 0) {
    const { network, hosts } = parseRange(range);
    this.#range = range;
    this.#network = network;
    // The last one is the broadcast address.
    this.#lastHost = hosts - 2;
    this.#next = firstHost + (skipped % (this.#lastHost - firstHost + 1));
  }

  /**
   * Returns the address of `owner`: the one it has, or a free one. `now` is monotonic milliseconds.
   *
   * @throws AppError `POD_ADDRESSES_EXHAUSTED`.
   */
  allocate(owner: string, now: number): string {
    const known = this.#addressOf.get(owner);
    if (known !== undefined) return known;
    for (let tried = firstHost; tried <= this.#lastHost; tried += 1) {
      const address = this.#address(this.#next);
      this.#next = this.#next === this.#lastHost ? firstHost : this.#next + 1;
      const releasedAt = this.#releasedAt.get(address) ?? -Infinity;
      if (this.#taken.has(address) || now - releasedAt < restMs) continue;
      this.#releasedAt.delete(address);
      this.#taken.add(address);
      this.#addressOf.set(owner, address);
      return address;
    }
    throw new AppError('POD_ADDRESSES_EXHAUSTED', `no pod address is free in ${this.#range}`, {
      retryable: true,
    });
  }

  release(owner: string, now: number): void {
    const address = this.#addressOf.get(owner);
    if (address === undefined) return;
    this.#addressOf.delete(owner);
    this.#taken.delete(address);
    this.#releasedAt.set(address, now);
  }

  #address(host: number): string {
    const value = this.#network + host;
    return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
  }
}

function parseRange(range: string): { network: number; hosts: number } {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(range);
  const [first = 256, second = 256, third = 256, fourth = 256, bits = 0] = match?.slice(1).map(Number) ?? [];
  const isAddress = [first, second, third, fourth].every((part) => part < 256);
  if (!isAddress || bits < 8 || bits > 29) {
    throw new AppError(
      'POD_RANGE_INVALID',
      `"${range}" is no range of pod addresses: write IPv4 with 8 to 29 bits of network, such as 10.244.1.0/24`,
    );
  }
  const hosts = 2 ** (32 - bits);
  const address = ((first * 256 + second) * 256 + third) * 256 + fourth;
  return { network: address - (address % hosts), hosts };
}

/**
 * Returns how many addresses of its range a node skips. Several clusters may share a machine (`npm start` beside
 * `npm test`), and a pod of each listens on the same ports: beginning anywhere among 65,000 keeps them apart, and a
 * node that was started again from its own last pods. Where addresses have to be added by hand, none is skipped.
 */
export const skippedAtStart = (): number => (process.platform === 'linux' ? randomInt(65_536) : 0);

/**
 * Checks that a pod can have an address: returns undefined, or the error with its remedy. Linux answers on all of
 * 127.0.0.0/8, and on ranges that have a local route; macOS only on addresses that were added to lo0.
 */
export async function checkPodAddress(address: string): Promise<AppError | undefined> {
  const failure = await new Promise<Error | undefined>((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host: address, port: 0, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
  if (failure === undefined) return undefined;
  const remedy = address.startsWith('127.')
    ? `on macOS add some for pods and Services: ` +
      `for i in $(seq 1 40); do sudo ifconfig lo0 alias 127.66.0.$i up; sudo ifconfig lo0 alias 127.96.0.$i up; done`
    : `on Linux give the range of pods a local route: ip route add local <range> dev lo`;
  return new AppError(
    'POD_ADDRESS_UNUSABLE',
    `this machine does not answer on ${address}, and every pod needs an address of its own; ${remedy}`,
    { cause: failure, retryable: true },
  );
}
