/** Owns the question to the API server whether a user may do something. */
import type { KubeClient } from '../../kube/client.ts';
import { subjectAccessReviews } from '../../kube/kinds.ts';
import type { Requester } from './review.ts';

export interface Access {
  readonly verb: string;
  readonly resource: string;
  readonly name?: string;
  readonly namespace: string;
}

/** Returns whether the user may. Throws as `KubeClient.create` does: whoever asks must not take that for a yes. */
export type MayAccess = (user: Requester, access: Access) => Promise<boolean>;

/** The API server waits five seconds for us, and a verdict may take two questions after one another. */
const timeoutMs = 2_000;

/** Returns what asks the API server, with SubjectAccessReviews. */
export function makeMayAccess(client: Pick<KubeClient, 'create'>): MayAccess {
  return async (user, { verb, resource, name, namespace }) => {
    const { username, uid, groups, extra } = user;
    const review = {
      spec: {
        user: username,
        groups,
        ...(uid === undefined ? {} : { uid }),
        ...(extra === undefined ? {} : { extra }),
        resourceAttributes: {
          verb,
          group: '',
          version: 'v1',
          resource,
          ...(name === undefined ? {} : { name }),
          namespace,
        },
      },
    };
    const { status } = await client.create(subjectAccessReviews, review, { timeoutMs, repeatable: true });
    return status?.allowed === true;
  };
}
