/** Owns fetching a small JSON document over HTTPS: bounded in time and size, without following anybody elsewhere. */
import { request } from 'node:https';
import { AppError, messageOf } from '../../errors.ts';

const timeoutMs = 5_000;
const maxBytes = 1024 * 1024;

/**
 * Returns the document at `url`; `ca` are the authorities that vouch for the server (PEM), by default the system's.
 *
 * @throws AppError `DOCUMENT_UNAVAILABLE`.
 */
export async function fetchJson(url: string, ca: string | undefined): Promise<unknown> {
  try {
    return JSON.parse(await fetchText(url, ca));
  } catch (cause) {
    const message = `${url} cannot be fetched: ${messageOf(cause)}`;
    throw new AppError('DOCUMENT_UNAVAILABLE', message, { cause, retryable: true });
  }
}

async function fetchText(url: string, ca: string | undefined): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sent = request(
    url,
    {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
      agent: false,
      ...(ca === undefined ? {} : { ca }),
    },
    (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > maxBytes) sent.destroy(new Error(`it is longer than ${maxBytes} bytes`));
      });
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(new Error(`it is answered with ${response.statusCode ?? 0}`));
      });
    },
  );
  sent.once('error', reject).end();
  return promise;
}
