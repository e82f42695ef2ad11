/** Owns content negotiation: which of the forms that a client accepts an answer takes. */
import { ApiError } from '../errors/api-error.ts';

export type AnswerForm = 'object' | 'table' | 'metadata';

interface Accepted {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Returns the accepted media types, best first. */
function parseAccept(header: string | undefined): Accepted[] {
  return (header === undefined || header === '' ? '*/*' : header).split(',').map((part) => {
    const [type = '', ...parameters] = part.trim().split(';');
    const pairs = parameters.map((parameter) => {
      const [key = '', value = ''] = parameter.split('=');
      return [key.trim(), value.trim()];
    });
    return {
      type: type.trim().toLowerCase(),
      parameters: Object.fromEntries(pairs) as Record<string, string>,
    };
  });
}

const isJson = (type: string): boolean => ['application/json', 'application/*', '*/*'].includes(type);

/** @throws ApiError 406 where the client accepts nothing that this server can write. */
export function answerForm(header: string | undefined): AnswerForm {
  for (const { type, parameters } of parseAccept(header)) {
    if (!isJson(type)) continue;
    const as = parameters['as'];
    if (as === undefined) return 'object';
    if (parameters['g'] !== 'meta.k8s.io' || parameters['v'] !== 'v1') continue;
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'metadata';
  }
  throw new ApiError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/json;as=Table;g=meta.k8s.io;v=v1',
  );
}

/** Whether the client accepts a group's whole discovery in one document. */
export const acceptsAggregatedDiscovery = (header: string | undefined): boolean =>
  parseAccept(header).some(
    ({ parameters }) => parameters['g'] === 'apidiscovery.k8s.io' && parameters['v'] === 'v2',
  );
