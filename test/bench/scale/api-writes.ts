/** Owns counting the writes that an API server has carried out, from the API server's own metrics. */
import type { KubeTransport } from '../../../kube/transport.ts';

const writingVerbs: ReadonlySet<string> = new Set([
  'APPLY',
  'CREATE',
  'DELETE',
  'PATCH',
  'POST',
  'PUT',
  'UPDATE',
]);
/** Written all the time, by everybody who lives: not part of what endpoints cost. */
const heartbeats: ReadonlySet<string> = new Set(['leases']);

/** Returns how many writes there were so far, by resource and subresource, without leases. */
export async function countWrites(transport: KubeTransport): Promise<ReadonlyMap<string, number>> {
  const text = await transport.requestText({ method: 'GET', path: '/metrics' });
  return parseWrites(text);
}

/** Returns the writes in the text of `apiserver_request_total`; a dry run writes nothing. */
export function parseWrites(text: string): ReadonlyMap<string, number> {
  const writes = new Map<string, number>();
  for (const [, labels = '', value = ''] of text.matchAll(
    /^apiserver_request_total\{(.*)\} ([0-9.e+]+)$/gm,
  )) {
    const { resource = '', subresource = '', ...rest } = labelsOf(labels);
    if (heartbeats.has(resource) || !isWrite(rest)) continue;
    const what = subresource === '' ? resource : `${resource}/${subresource}`;
    writes.set(what, (writes.get(what) ?? 0) + Number(value));
  }
  return writes;
}

const isWrite = ({ verb = '', dry_run: dryRun = '' }: Record<string, string>): boolean =>
  writingVerbs.has(verb) && dryRun === '';

const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );

/** Returns what was written between two counts. */
export const writesBetween = (
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Record<string, number> =>
  Object.fromEntries(
    [...after]
      .map(([resource, count]) => [resource, count - (before.get(resource) ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
