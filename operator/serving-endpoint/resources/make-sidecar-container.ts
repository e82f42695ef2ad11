/** Owns the sidecar's container: a native sidecar, so that it starts before fetcher and model server and outlives both. */
import type { Container, PodTemplate } from '../../../kube/kinds.ts';
import type { OperatorConfig } from '../../config/operator-config.ts';
import { payloadLogOf, payloadLogVolume } from './payload-log-volume.ts';
import { progressOfSidecar } from './progress-volume.ts';

/** Of the sidecar: data (TLS), and administration (plain; probes and drain). */
export const dataPort = 8443;
export const adminPort = 9090;
export const sidecarName = 'sidecar';

const configVolume = 'sidecar-config';
const tlsVolume = 'sidecar-tls';
export const sidecarVolumeNames: readonly string[] = [configVolume, tlsVolume, payloadLogVolume];

const configDirectory = '/etc/fairlead/sidecar';
const tlsDirectory = '/etc/fairlead/tls';

/** The key of the sidecar's ConfigMap, and so the name of its file. */
export const sidecarConfigFile = 'config.json';

/**
 * Left to itself V8 lets garbage grow to 190 MiB under full load; so bounded the sidecar stays near 100 MiB. The two
 * belong together: with the old space alone bounded, the buffers of requests keep the collector busy all the time (twelve
 * times the CPU). How often it collects within the bounds is for the process to say (`setHeapGrowth`); `--expose-gc` lets
 * it give back what its start has used.
 */
const nodeOptions = '--max-old-space-size=96 --max-semi-space-size=2 --expose-gc';

/** What its memory depends on; the two of glibc have it share one arena among threads, and give back what is free. */
export const sidecarEnvironment: Readonly<Record<string, string>> = {
  NODE_OPTIONS: nodeOptions,
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/** Returns the sidecar's container; `hasFetcher`: whether there is a fetcher in the pod that it can tell of. */
export function makeSidecarContainer(config: OperatorConfig, hasFetcher: boolean): Container {
  return {
    name: sidecarName,
    image: config.sidecarImage,
    imagePullPolicy: config.imagePullPolicy,
    restartPolicy: 'Always',
    args: [
      'sidecar',
      '--sidecar-config',
      `${configDirectory}/${sidecarConfigFile}`,
      '--tls-dir',
      tlsDirectory,
      // Said here and not in the file alone: where containers share no network namespace (the embedded cluster), the
      // node translates the arguments of a pod.
      '--model-host',
      '127.0.0.1',
      ...(hasFetcher ? progressOfSidecar.args : []),
      ...payloadLogOf(config).args,
    ],
    env: [
      fromPod('POD_IP', 'status.podIP'),
      fromPod('POD_NAME', 'metadata.name'),
      fromPod('POD_UID', 'metadata.uid'),
      ...Object.entries(sidecarEnvironment).map(([name, value]) => ({ name, value })),
    ],
    ports: [
      { name: 'https', containerPort: dataPort, protocol: 'TCP' },
      { name: 'admin', containerPort: adminPort, protocol: 'TCP' },
    ],
    // Readiness of the pod: it covers the model server, and turns false at once when the pod is to go.
    readinessProbe: {
      httpGet: { path: '/readyz', port: adminPort },
      periodSeconds: 1,
      timeoutSeconds: 5,
      failureThreshold: 1,
    },
    livenessProbe: {
      httpGet: { path: '/healthz', port: adminPort },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 3,
    },
    resources: config.sidecar.resources,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
    },
    volumeMounts: [
      { name: configVolume, mountPath: configDirectory, readOnly: true },
      { name: tlsVolume, mountPath: tlsDirectory, readOnly: true },
      ...(hasFetcher ? [progressOfSidecar.mount] : []),
      ...payloadLogOf(config).mounts,
    ],
  };
}

const fromPod = (name: string, fieldPath: string): NonNullable<Container['env']>[number] => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
});

/** Returns the volumes that the sidecar mounts. */
export function sidecarVolumes(
  configMap: string,
  secret: string,
): NonNullable<NonNullable<PodTemplate['spec']>['volumes']> {
  return [
    { name: configVolume, configMap: { name: configMap } },
    { name: tlsVolume, secret: { secretName: secret } },
  ];
}
