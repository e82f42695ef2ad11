/** Owns the carrying out of a cancellation, which may be refused: what was refused is not asked for at each look. */
import type { ConfigVersion } from '../../core/config-versions/endpoint-config.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { ApiError } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { keyOf } from '../../kube/resource.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import { writeConfig } from './write-config.ts';

export interface WriteBackOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** How long a refusal counts. */
  readonly retryMs: number;
}

export interface WriteBackRefusal {
  /** What the cluster said. */
  readonly cause: string;
  /** When it is tried again. */
  readonly retryInMs: number;
}

interface Refused {
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  readonly version: number;
  readonly cause: string;
  readonly at: number;
}

export class WriteBacks {
  readonly #options: WriteBackOptions;
  /** By the key of the endpoint. A new leader knows nothing of them, and asks once. */
  readonly #refused = new Map<string, Refused>();

  constructor(options: WriteBackOptions) {
    this.#options = options;
  }

  /**
   * Writes the config into the spec. Returns why the cluster refuses that; undefined: it is written.
   *
   * @throws ApiError for anything else, a conflict among them: to be tried again at once.
   */
  async write(
    endpoint: ServingEndpoint,
    version: ConfigVersion,
    log: Logger,
  ): Promise<WriteBackRefusal | undefined> {
    const { client, clock, retryMs } = this.#options;
    const key = keyOf(endpoint.metadata);
    const now = clock.monotonic();
    const known = this.#known(endpoint, version.version);
    if (known !== undefined && now < known.at + retryMs) {
      return { cause: known.cause, retryInMs: known.at + retryMs - now };
    }
    try {
      await writeConfig(client, endpoint, version);
    } catch (error) {
      if (!(error instanceof ApiError) || !isRefusal(error)) throw error;
      const { uid, generation } = endpoint.metadata;
      const cause = error.message;
      this.#refused.set(key, { uid, generation, version: version.version, cause, at: now });
      log.warn({ configVersion: version.version, cause }, 'the active config cannot be written back');
      return { cause, retryInMs: retryMs };
    }
    this.#refused.delete(key);
    log.info({ configVersion: version.version }, 'update cancelled, the active config is written back');
    return undefined;
  }

  /** Forgets an endpoint that has nothing to be written back, or is gone. */
  forget(key: string): void {
    this.#refused.delete(key);
  }

  /** Of the same spec alone: another one may be let through. */
  #known({ metadata }: ServingEndpoint, version: number): Refused | undefined {
    const known = this.#refused.get(keyOf(metadata));
    const { uid, generation } = metadata;
    const isSame = known?.uid === uid && known?.generation === generation && known?.version === version;
    return isSame ? known : undefined;
  }
}

/** A webhook may answer with any status, and one that cannot be asked makes the API server answer 500. */
const isRefusal = ({ status, message }: ApiError): boolean =>
  [400, 403, 413, 422].includes(status) || /admission webhook|calling webhook/.test(message);
