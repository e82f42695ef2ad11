/** Owns a model that costs next to nothing, by a ServingRuntime of its own: for journeys that are about the way to it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServingEndpointManifest } from '../../crds/schema/serving-endpoint.ts';
import type { ServingRuntime } from '../../crds/schema/serving-runtime.ts';
import type { KubeClient } from '../../kube/client.ts';
import { configMaps, servingRuntimes } from '../../kube/kinds.ts';
import { namespace } from './endpoints.ts';

const script = 'light-server.py';

export interface LightRuntime {
  /** Returns the manifest of an endpoint whose one model answers `{"predictions": ["<version>"]}`. */
  endpoint(name: string, version: string): ServingEndpointManifest;
  remove(): Promise<void>;
}

/** Applies the runtime, under a name of the journey's own. */
export async function applyLightRuntime(client: KubeClient, name: string): Promise<LightRuntime> {
  const options = { fieldManager: 'journey' };
  const data = { [script]: readFileSync(join(import.meta.dirname, '../models', script), 'utf8') };
  await client.apply(configMaps, { metadata: { name, namespace }, data }, options);
  await client.apply(servingRuntimes, makeRuntime(name), options);
  return {
    endpoint: (endpoint, version) => ({
      apiVersion: 'serving.fairlead.dev/v1alpha1',
      kind: 'ServingEndpoint',
      metadata: { name: endpoint, namespace },
      spec: {
        servedEntities: [
          { name: `light-${version}`, model: { uri: `file:///${version}`, format: { name } }, workload: {} },
        ],
      },
    }),
    remove: async () => {
      await client.delete(servingRuntimes, { name, namespace });
      await client.delete(configMaps, { name, namespace });
    },
  };
}

const makeRuntime = (name: string): ServingRuntime =>
  ({
    metadata: { name, namespace },
    spec: {
      supportedModelFormats: [{ name }],
      container: {
        name: 'model',
        image: 'fairlead-mlflow-runtime:dev',
        command: ['python', `/opt/server/${script}`],
        args: ['{{entity.name}}', '127.0.0.1', '{{server.port}}'],
        volumeMounts: [{ name: 'server', mountPath: '/opt/server' }],
      },
      template: { spec: { volumes: [{ name: 'server', configMap: { name } }] } },
    },
  }) as unknown as ServingRuntime;
