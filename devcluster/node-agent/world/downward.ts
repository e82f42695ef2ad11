/** Owns what a pod may read about itself: fieldRef and resourceFieldRef. Pure. */
import { AppError } from '../../../platform/errors.ts';
import type { Container, Pod } from '../../controllers/objects/kinds.ts';
import { divideUp, parseQuantity } from '../../apiserver/objects/quantity.ts';

/** What the pod object itself does not say (yet). */
export interface PodAddresses {
  readonly podIP: string;
  readonly hostIP: string;
}

/**
 * Returns the value of a field path such as `metadata.labels['app']` or `status.podIP`.
 *
 * @throws AppError `FIELD_PATH_UNSUPPORTED`.
 */
export function fieldValue(pod: Pod, addresses: PodAddresses, fieldPath: string): string {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath);
  if (keyed !== null) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  const values: Record<string, () => string> = {
    'metadata.name': () => metadata.name,
    'metadata.namespace': () => metadata.namespace ?? '',
    'metadata.uid': () => metadata.uid,
    'metadata.labels': () => lines(metadata.labels),
    'metadata.annotations': () => lines(metadata.annotations),
    'spec.nodeName': () => spec.nodeName ?? '',
    'spec.serviceAccountName': () => spec.serviceAccountName ?? 'default',
    'status.podIP': () => addresses.podIP,
    'status.podIPs': () => addresses.podIP,
    'status.hostIP': () => addresses.hostIP,
    'status.hostIPs': () => addresses.hostIP,
  };
  const value = Object.hasOwn(values, fieldPath) ? values[fieldPath] : undefined;
  if (value === undefined) {
    throw new AppError('FIELD_PATH_UNSUPPORTED', `unsupported fieldPath: ${fieldPath}`);
  }
  return value();
}

/** As the downward API writes maps: sorted, one `key="value"` a line. */
function lines(map: Readonly<Record<string, string>> = {}): string {
  return Object.entries(map)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

/**
 * Returns a container's request or limit in units of `divisor`, rounded up; where the container sets none, what the
 * node has to give.
 *
 * @throws AppError `FIELD_PATH_UNSUPPORTED` for a resource that is neither `requests.…` nor `limits.…`.
 */
export function resourceValue(
  container: Pick<Container, 'resources'>,
  allocatable: Readonly<Record<string, string>>,
  reference: { readonly resource: string; readonly divisor?: string },
): string {
  const match = /^(limits|requests)\.(.+)$/.exec(reference.resource);
  if (match === null) {
    throw new AppError('FIELD_PATH_UNSUPPORTED', `unsupported container resource: ${reference.resource}`);
  }
  const [, section, resource = ''] = match;
  const { requests, limits } = container.resources ?? {};
  const own = section === 'requests' ? (requests?.[resource] ?? '0') : limits?.[resource];
  const amount = parseQuantity(own ?? allocatable[resource] ?? '0');
  const divisor = parseQuantity(reference.divisor ?? '1');
  return String(divideUp(amount, divisor === 0n ? 1000n : divisor));
}
