/** Owns data-plane tokens as the gateway takes them: beside those of issuers and of the API server. */
import { dataPlaneKeysSchema } from '../../core/data-plane/token.ts';
import type { DataPlaneKey } from '../../core/data-plane/token.ts';
import type { Clock } from '../../platform/clock.ts';
import type { TokenAuthority } from '../../platform/identity/token-checker.ts';
import type { Logger } from '../../platform/logging.ts';
import { watchFiles } from '../../platform/watched-file.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import { DataPlaneTokens, isDataPlaneToken } from './data-plane-tokens.ts';

/** Watches the file of public keys (JWKS). */
export const watchDataPlaneKeys = (
  path: string,
  log: Logger,
): Promise<WatchedFile<readonly DataPlaneKey[]>> =>
  watchFiles({
    paths: [path],
    parse: ([text = '']) => dataPlaneKeysSchema.parse(JSON.parse(text)).keys,
    log,
  });

/** Returns who decides on data-plane tokens. */
export function makeDataPlaneAuthority(
  keys: WatchedFile<readonly DataPlaneKey[]>,
  clock: Clock,
): TokenAuthority {
  const tokens = new DataPlaneTokens(() => clock.now());
  tokens.setKeys(keys.current);
  keys.onChange((next) => tokens.setKeys(next));
  return {
    speaksFor: isDataPlaneToken,
    check: (token) => Promise.resolve(tokens.check(token) ?? 'invalid'),
  };
}
