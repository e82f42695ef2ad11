/** Owns request bodies: bounded, and parsed by their content type. */
import type { IncomingMessage } from 'node:http';
import { load as parseYaml } from 'js-yaml';
import { messageOf } from '../../../platform/errors.ts';
import { modelOfKind } from '../builtin/models.ts';
import { ApiError, badRequest } from '../errors/api-error.ts';
import { decodeProtobuf, protobufMediaType } from '../protobuf/decode.ts';

/** The API server's own limit. */
const maxBodyBytes = 3 * 1024 * 1024;

/** Returns the media type without its parameters, in lower case; empty where there is none. */
export const mediaTypeOf = (header: string | undefined): string =>
  (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** @throws ApiError 413 beyond the limit. */
async function readBody(request: IncomingMessage, limit = maxBodyBytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read and dropped: a client that is still sending would not see the answer.
    if (size <= limit) chunks.push(chunk);
  }
  if (size > limit) {
    throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
  }
  return Buffer.concat(chunks);
}

export const objectMediaTypes = ['application/json', 'application/yaml', protobufMediaType];

const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  '': (text) => JSON.parse(text) as unknown,
  'application/json': (text) => JSON.parse(text) as unknown,
  'application/json-patch+json': (text) => JSON.parse(text) as unknown,
  'application/merge-patch+json': (text) => JSON.parse(text) as unknown,
  'application/strategic-merge-patch+json': (text) => JSON.parse(text) as unknown,
  'application/yaml': (text) => parseYaml(text),
  'application/apply-patch+yaml': (text) => parseYaml(text),
};

/**
 * Returns the parsed body; undefined where it is empty.
 *
 * @throws ApiError 400 where it cannot be parsed, 413, 415 where the type is none of `accepted`.
 */
export async function readObject(request: IncomingMessage, accepted: readonly string[]): Promise<unknown> {
  const type = mediaTypeOf(request.headers['content-type']);
  const body = await readBody(request);
  const parse = accepted.includes(type) || type === '' ? parsers[type] : undefined;
  if (body.length === 0 && type === '') return undefined;
  if (type === protobufMediaType && accepted === objectMediaTypes) return decodeProtobuf(body, modelOfKind);
  if (parse === undefined) {
    throw new ApiError(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    );
  }
  if (body.length === 0) return undefined;
  try {
    return parse(body.toString('utf8'));
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${messageOf(error)}`);
  }
}
