/** Owns the addresses of pods: each has a loopback address of its own from 127.66.0.0/16. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { AppError } from '../../../platform/errors.ts';

export const nodeAddress = '127.0.0.1';

/** An address rests before it is given to another pod, so that no late connection meets a stranger. */
const restMs = 60_000;
const firstHost = 2;
const lastHost = 65_534;

export class AddressPool {
  readonly #addressOf = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #releasedAt = new Map<string, number>();
  #next: number;

  /** `first` is the host number of the first address that is given. */
  constructor(first = firstHost) {
    this.#next = first;
  }

  /**
   * Returns the address of `owner`: the one it has, or a free one. `now` is monotonic milliseconds.
   *
   * @throws AppError `POD_ADDRESSES_EXHAUSTED`.
   */
  allocate(owner: string, now: number): string {
    const known = this.#addressOf.get(owner);
    if (known !== undefined) return known;
    for (let tried = firstHost; tried <= lastHost; tried += 1) {
      const address = loopbackAddress(this.#next);
      this.#next = this.#next === lastHost ? firstHost : this.#next + 1;
      const releasedAt = this.#releasedAt.get(address) ?? -Infinity;
      if (this.#taken.has(address) || now - releasedAt < restMs) continue;
      this.#releasedAt.delete(address);
      this.#taken.add(address);
      this.#addressOf.set(owner, address);
      return address;
    }
    throw new AppError('POD_ADDRESSES_EXHAUSTED', 'no pod address is free in 127.66.0.0/16', {
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
}

/**
 * Returns the host number at which a cluster begins. Several clusters may share a machine (`npm start` beside
 * `npm test`), and a pod of each listens on the same ports: beginning anywhere among 65,000 keeps them apart. Where
 * loopback addresses have to be added by hand, all begin with the first.
 */
export const firstHostOfCluster = (): number =>
  process.platform === 'linux' ? randomInt(firstHost, lastHost) : firstHost;

const loopbackAddress = (host: number): string => `127.66.${host >> 8}.${host & 255}`;

/**
 * Checks that pods can have loopback addresses of their own: returns undefined, or the error with its remedy. Linux
 * answers on all of 127.0.0.0/8; macOS only on addresses that were added to lo0.
 */
export async function checkLoopbackAddress(address: string): Promise<AppError | undefined> {
  const failure = await new Promise<Error | undefined>((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host: address, port: 0, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
  if (failure === undefined) return undefined;
  return new AppError(
    'POD_ADDRESS_UNUSABLE',
    `this machine does not answer on ${address}, and every pod needs a loopback address of its own; ` +
      `on macOS add some for pods and Services: ` +
      `for i in $(seq 1 40); do sudo ifconfig lo0 alias 127.66.0.$i up; sudo ifconfig lo0 alias 127.96.0.$i up; done`,
    { cause: failure, retryable: true },
  );
}
