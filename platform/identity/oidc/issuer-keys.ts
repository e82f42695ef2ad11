/** Owns the keys of one issuer: fetched, kept, fetched anew in the background and when a token names an unknown one. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { Clock } from '../../clock.ts';
import { AppError, messageOf } from '../../errors.ts';
import type { Logger } from '../../logging.ts';
import { fetchJson } from './fetch-json.ts';
import type { IssuerConfig } from './issuer-config.ts';

/** A JSON Web Key (RFC 7517). */
export type Key = Readonly<Record<string, unknown>> & { readonly kty: string };

export interface KeySet {
  readonly keys: Key[];
}

const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(1000) });
const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https$/ }) });

/** Between two fetches that tokens ask for: anybody can make up tokens of unknown keys. */
const cooldownMs = 10_000;
/** After a fetch that failed. */
const retryMs = 2_000;
/** For how long keys are used that could not be fetched anew: an issuer that is gone may have revoked them. */
const staleMs = 24 * 3_600_000;

export class IssuerKeys {
  readonly #issuer: Pick<IssuerConfig, 'url' | 'keysUrl' | 'caFile' | 'keysRefreshSeconds'>;
  readonly #clock: Clock;
  readonly #log: Logger;
  #keys: KeySet | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<boolean> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: { readonly issuer: IssuerConfig; readonly clock: Clock; readonly log: Logger }) {
    this.#issuer = options.issuer;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Begins to keep the keys up to date. */
  start(): void {
    void this.#fetch();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Returns the keys; undefined when there are none that may be used, and none can be had. */
  async current(): Promise<KeySet | undefined> {
    if (this.#isUsable()) return this.#keys;
    if (this.#sinceTried() >= retryMs || this.#fetching !== undefined) await this.#fetch();
    return this.#isUsable() ? this.#keys : undefined;
  }

  /** Looks for newer keys because a token names one that is not there; returns them, undefined where there are none. */
  async newer(than: KeySet): Promise<KeySet | undefined> {
    if (this.#keys !== than) return this.#keys;
    if (this.#sinceTried() < cooldownMs && this.#fetching === undefined) return undefined;
    await this.#fetch();
    return this.#keys === than ? undefined : this.#keys;
  }

  #isUsable(): boolean {
    return this.#keys !== undefined && this.#clock.monotonic() - this.#fetchedAt < staleMs;
  }

  #sinceTried(): number {
    return this.#clock.monotonic() - this.#triedAt;
  }

  /** Once for all who want it at the same time. */
  #fetch(): Promise<boolean> {
    this.#fetching ??= this.#fetchNow().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchNow(): Promise<boolean> {
    this.#triedAt = this.#clock.monotonic();
    let succeeded = true;
    try {
      const keys = await this.#load();
      this.#fetchedAt = this.#clock.monotonic();
      // The same keys stay the same object: what was made from them is good still.
      if (JSON.stringify(keys) !== JSON.stringify(this.#keys)) this.#keys = keys;
    } catch (error) {
      succeeded = false;
      this.#log.warn(
        { issuer: this.#issuer.url, cause: messageOf(error) },
        'keys of an issuer cannot be fetched',
      );
    }
    this.#scheduleNext(succeeded ? this.#issuer.keysRefreshSeconds * 1000 : retryMs);
    return succeeded;
  }

  #scheduleNext(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#fetch(), afterMs).unref();
  }

  async #load(): Promise<KeySet> {
    const { url, keysUrl, caFile } = this.#issuer;
    const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
    const parsed = keySetSchema.safeParse(await fetchJson(keysUrl ?? (await this.#discover(ca)), ca));
    if (parsed.success) return parsed.data;
    throw new AppError('ISSUER_INVALID', `the keys of ${url} are no JWKS: ${z.prettifyError(parsed.error)}`);
  }

  /** Where the keys are is told by a document that must name the same issuer (OpenID Connect Discovery 1.0, 4.3). */
  async #discover(ca: string | undefined): Promise<string> {
    const { url } = this.#issuer;
    const document = await fetchJson(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`, ca);
    const parsed = discoverySchema.safeParse(document);
    if (!parsed.success) {
      const cause = z.prettifyError(parsed.error);
      throw new AppError('ISSUER_INVALID', `the discovery document of ${url} cannot be used: ${cause}`);
    }
    if (parsed.data.issuer === url) return parsed.data.jwks_uri;
    throw new AppError(
      'ISSUER_INVALID',
      `the discovery document of ${url} is that of ${parsed.data.issuer}; name the issuer exactly as its tokens do`,
    );
  }
}
