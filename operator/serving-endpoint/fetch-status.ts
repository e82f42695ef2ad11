/** Owns how far the fetch of an entity's model is, as its row in the status tells it. Pure. */
import type { PodsProgress } from '../../core/fetching/fetch-book.ts';
import type { ServedEntityStatus } from '../../crds/schema/serving-endpoint.ts';
import type { Pod } from '../../kube/kinds.ts';
import { fetcherName } from './resources/containers.ts';

export type FetchStatus = NonNullable<ServedEntityStatus['fetch']>;

/**
 * Returns how far the pod is that has most of the model, among those whose fetcher runs; undefined where none does, or
 * none is known. A leader that nobody has told anything yet goes on with what the row says (`previous`) of a pod that is
 * still at it.
 */
export function fetchOf(
  pods: readonly Pod[],
  told: PodsProgress,
  previous: FetchStatus | undefined,
): FetchStatus | undefined {
  const known = pods.filter(isFetching).flatMap(({ metadata }): FetchStatus[] => {
    const pod = metadata?.name ?? '';
    const progress = told.get(pod);
    if (progress !== undefined) return [{ pod, ...progress }];
    return previous?.pod === pod ? [previous] : [];
  });
  return known.sort((left, right) => right.bytes - left.bytes || left.pod.localeCompare(right.pod))[0];
}

function isFetching({ metadata, status }: Pod): boolean {
  const fetcher = status?.initContainerStatuses?.find(({ name }) => name === fetcherName);
  return metadata?.deletionTimestamp === undefined && fetcher?.state?.running !== undefined;
}

/** Returns `1.2 GiB of 4.0 GiB (30 %)`; undefined where there is nothing to tell yet. */
export function describeFetch({ bytes, totalBytes }: FetchStatus): string | undefined {
  // A store of which only MLflow knows how to speak to it tells neither.
  if (totalBytes === undefined) return bytes === 0 ? undefined : `${sizeText(bytes)} so far`;
  if (totalBytes === 0) return undefined;
  // The last byte makes it 100, and what comes twice makes it no more.
  const percent = Math.min(100, Math.floor((100 * bytes) / totalBytes));
  return `${sizeText(bytes)} of ${sizeText(totalBytes)} (${percent} %)`;
}

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  // From where it would be rounded up to the next unit.
  while (size >= 1023.95 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit] ?? ''}`;
}
