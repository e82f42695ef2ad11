/** Owns stores for tests: one that forgets soon and hides no error, and small things to put into it. */
import type { KubeObject } from '../objects/kube-object.ts';
import { ObjectStore } from '../storage/object-store.ts';

/** Returns an object whose state is told by its label `value`. */
export const anObject = (name: string, value = ''): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name, namespace: 'n', labels: { value } },
  }) as unknown as KubeObject;

export const makeStore = (historySize = 3): ObjectStore =>
  new ObjectStore({
    historySize,
    onListenerError: (error) => {
      throw error;
    },
  });
