/** Owns a lease on a fake API server that checks what a real one checks: version, existence, six fractional digits. */
import type { Lease } from '../kinds.ts';
import { json, refusal } from './fake-api-server.ts';
import type { FakeApiServer, Matcher } from './fake-api-server.ts';

const leasePath = '/apis/coordination.k8s.io/v1/namespaces/system/leases';
export const isLeaseRead: Matcher = ({ method, path }) => method === 'GET' && path.startsWith(leasePath);
export const isLeaseCreate: Matcher = ({ method, path }) => method === 'POST' && path === leasePath;
export const isLeaseWrite: Matcher = ({ method, path }) => method === 'PUT' && path.startsWith(leasePath);

export interface ServedLease {
  /** What is stored; undefined while nobody has created it. */
  current(): Lease | undefined;
  /** Every state that was stored, in order. */
  readonly history: Lease[];
  /** Changes the lease behind everybody's back, as a person with kubectl does. */
  put(lease: Lease): void;
}

const microTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Serves one lease. */
export function serveLease(api: FakeApiServer): ServedLease {
  const history: Lease[] = [];
  const put = (lease: Lease): Lease => {
    const stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(history.length + 1) } };
    history.push(stored);
    return stored;
  };
  const isValid = ({ spec }: Lease): boolean =>
    [spec?.acquireTime, spec?.renewTime].every((time) => time === undefined || microTime.test(time));
  const invalid = refusal(400, 'BadRequest', 'parsing time as "2006-01-02T15:04:05.000000Z07:00"');

  api.always(isLeaseRead, (response, request) => {
    const stored = history.at(-1);
    (stored === undefined ? refusal(404, 'NotFound') : json(stored))(response, request);
  });
  api.always(isLeaseCreate, (response, request) => {
    const lease = JSON.parse(request.body) as Lease;
    const answer =
      history.length > 0 ? refusal(409, 'AlreadyExists') : isValid(lease) ? json(put(lease), 201) : invalid;
    answer(response, request);
  });
  api.always(isLeaseWrite, (response, request) => {
    const lease = JSON.parse(request.body) as Lease;
    const stored = history.at(-1);
    const isNewest = lease.metadata?.resourceVersion === stored?.metadata?.resourceVersion;
    const answer = !isNewest ? refusal(409, 'Conflict') : isValid(lease) ? json(put(lease)) : invalid;
    answer(response, request);
  });
  return { current: () => history.at(-1), history, put: (lease) => void put(lease) };
}
