/** Owns one request on its way through the server: what it asks, who asks, and how it is answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { badRequest, invalid } from '../errors/api-error.ts';
import type { StatusCause } from '../errors/api-error.ts';
import { requiredValue } from '../crd/validate.ts';
import type { FieldValidation, RequestContext, UserInfo } from '../pipeline/request-context.ts';
import type { RequestInfo } from './request-info.ts';

export interface Exchange<Info extends RequestInfo = RequestInfo> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly info: Info;
  readonly user: UserInfo;
}

const fieldValidations: readonly FieldValidation[] = ['Strict', 'Warn', 'Ignore'];

/**
 * Returns what the pipeline needs to know of a write.
 *
 * @throws ApiError 400 or 422 where an option of the request is not valid.
 */
export function requestContextOf(exchange: Exchange, isApply = false): RequestContext {
  const { query } = exchange.info;
  const fieldManager = query.get('fieldManager') ?? '';
  if (isApply && fieldManager === '') {
    throw patchOptionsError([requiredValue('fieldManager', 'is required for apply patch')]);
  }
  if (!isApply && query.get('force') !== null) {
    const message = 'Forbidden: may not be specified for non-apply patch';
    throw patchOptionsError([{ reason: 'FieldValueForbidden', field: 'force', message }]);
  }
  return {
    user: exchange.user,
    fieldManager: fieldManager === '' ? managerFromAgent(exchange.request) : fieldManager,
    dryRun: parseDryRun(query.getAll('dryRun')),
    fieldValidation: parseFieldValidation(query.get('fieldValidation') ?? ''),
    warnings: [],
  };
}

function parseDryRun(values: readonly string[]): boolean {
  if (values.some((value) => value !== 'All')) {
    throw badRequest(`Unsupported value: ${JSON.stringify(values)}: dryRun supports only "All"`);
  }
  return values.length > 0;
}

function parseFieldValidation(text: string): FieldValidation {
  if (text === '') return 'Warn';
  const known = fieldValidations.find((each) => each === text);
  if (known !== undefined) return known;
  throw badRequest(`Unsupported value: "${text}": supported values: "Ignore", "Strict", "Warn"`);
}

const patchOptionsError = (causes: readonly StatusCause[]): Error =>
  invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', causes);

/** Without a name of its own, a client's writes are those of its user agent, up to the version. */
function managerFromAgent(request: IncomingMessage): string {
  const agent = request.headers['user-agent'] ?? '';
  const [name = ''] = agent.split('/', 1);
  return name === '' ? 'unknown' : name.slice(0, 128);
}
