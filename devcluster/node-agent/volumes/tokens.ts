/** Owns the service account tokens of one pod: asked for once, and again before they expire. */
import type { Pod, Volume } from '../../controllers/objects/kinds.ts';
import type { NodeApi } from '../node-api.ts';

interface Token {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Milliseconds since the epoch at which a new one is asked for: after 80 % of its life, as kubelet does. */
  refreshAt: number;
}

interface Projection {
  readonly audience?: string;
  readonly expirationSeconds?: number;
}

/** A token that could not be renewed is good for a fifth of its life: the next try can wait. */
const renewRetryMs = 10_000;

const defaultSeconds = 3_600;

export class PodTokens {
  readonly #issue: NodeApi['issueToken'];
  readonly #tokens = new Map<string, Token>();

  constructor(issue: NodeApi['issueToken']) {
    this.#issue = issue;
  }

  /**
   * Returns the tokens of a volume by the path of their projection. Throws as the token request does, unless there is a
   * token that has not ended yet.
   */
  async of(pod: Pod, volume: Volume, now: number): Promise<Map<string, string>> {
    const tokens = new Map<string, string>();
    for (const { serviceAccountToken: projection } of volume.projected?.sources ?? []) {
      if (projection === undefined) continue;
      const key = `${volume.name}/${projection.path}`;
      const known = this.#tokens.get(key);
      const isDue = known === undefined || now >= known.refreshAt;
      const token = isDue ? await this.#renewed(known, pod, projection, now) : known;
      this.#tokens.set(key, token);
      tokens.set(projection.path, token.token);
    }
    return tokens;
  }

  /** Returns when the first token has to be renewed, in milliseconds since the epoch. */
  get refreshAt(): number | undefined {
    const times = [...this.#tokens.values()].map(({ refreshAt }) => refreshAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  async #renewed(known: Token | undefined, pod: Pod, projection: Projection, now: number): Promise<Token> {
    try {
      return await this.#request(pod, projection, now);
    } catch (error) {
      if (known !== undefined) known.refreshAt = now + renewRetryMs;
      if (known === undefined || now >= known.expiresAt) throw error;
      return known;
    }
  }

  async #request(pod: Pod, projection: Projection, now: number): Promise<Token> {
    const { name, namespace = '', uid } = pod.metadata;
    const { token, expiresAt } = await this.#issue({
      namespace,
      name: pod.spec.serviceAccountName ?? 'default',
      pod: { name, uid },
      expirationSeconds: projection.expirationSeconds ?? defaultSeconds,
      ...(projection.audience === undefined ? {} : { audiences: [projection.audience] }),
    });
    return { token, expiresAt, refreshAt: now + (expiresAt - now) * 0.8 };
  }
}
