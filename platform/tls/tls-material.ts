/** Owns the certificate that a process shows and the authority that it trusts: mounted files, reloaded as they change. */
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { AppError, messageOf } from '../errors.ts';
import type { Logger } from '../logging.ts';
import { watchFiles } from '../watched-file.ts';
import type { WatchedFile } from '../watched-file.ts';
import { modernTls } from './modern.ts';

export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** For connections that this process opens. */
  readonly secureContext: SecureContext;
}

/**
 * Watches tls.crt, tls.key and ca.crt in `directory`. A pair that does not fit together is refused and the last good
 * one stays in use: kubelet swaps the three files in one step, other writers may not.
 *
 * @throws AppError `TLS_MATERIAL_INVALID`, or what reading the files throws, when there is no good one yet.
 */
export function watchTlsMaterial(directory: string, log: Logger): Promise<WatchedFile<TlsMaterial>> {
  return watchFiles({
    paths: ['tls.crt', 'tls.key', 'ca.crt'].map((name) => join(directory, name)),
    parse: ([cert = '', key = '', ca = '']) => parseTlsMaterial(cert, key, ca),
    log,
  });
}

/**
 * Watches tls.crt and tls.key in `directory`: all that a server shows to peers who show nothing.
 *
 * @throws as `watchTlsMaterial` does.
 */
export function watchServerCertificate(
  directory: string,
  log: Logger,
): Promise<WatchedFile<{ readonly cert: string; readonly key: string }>> {
  return watchFiles({
    paths: ['tls.crt', 'tls.key'].map((name) => join(directory, name)),
    parse: ([cert = '', key = '']) => {
      checked(() => createSecureContext({ ...modernTls, cert, key }), 'tls.crt and tls.key');
      return { cert, key };
    },
    log,
  });
}

/** @throws AppError `TLS_MATERIAL_INVALID` when the three do not make a usable whole. */
export function parseTlsMaterial(cert: string, key: string, ca: string): TlsMaterial {
  const make = (): SecureContext => createSecureContext({ ...modernTls, cert, key, ca });
  return { cert, key, ca, secureContext: checked(make, 'tls.crt, tls.key and ca.crt') };
}

function checked<Result>(make: () => Result, files: string): Result {
  try {
    return make();
  } catch (cause) {
    const message = `${files} do not fit together: ${messageOf(cause)}`;
    throw new AppError('TLS_MATERIAL_INVALID', message, { cause });
  }
}
