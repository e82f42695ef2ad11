/** Owns what the operator can be told: one schema for flags, environment and file, each field with its sentence. */
import * as z from 'zod';
import { workloadTypes } from '../crds/schema/workload.ts';
import { durationSchema } from '../core/duration.ts';
import { logLevels } from '../platform/logging.ts';

const portSchema = z.int().min(0).max(65535);

const resourcesSchema = z
  .strictObject({
    requests: z.record(z.string(), z.string()).default({}).describe('As in a container.'),
    limits: z.record(z.string(), z.string()).default({}).describe('As in a container.'),
  })
  .describe('Resources of a container.');

const workloadTypeSchema = z.strictObject({
  resources: resourcesSchema.describe('Resources of the model server.'),
  nodeSelector: z.record(z.string(), z.string()).default({}).describe('Nodes that have the hardware.'),
  tolerations: z
    .array(z.looseObject({}))
    .default([])
    .describe('Taints of those nodes that pods put up with.'),
});

export type WorkloadType = z.output<typeof workloadTypeSchema>;

const cpu = (cores: string, memory: string): z.input<typeof workloadTypeSchema> => ({
  resources: { requests: { cpu: cores, memory }, limits: { memory } },
});

const gpu = (count: number, cores: string, memory: string): z.input<typeof workloadTypeSchema> => ({
  resources: {
    requests: { cpu: cores, memory, 'nvidia.com/gpu': String(count) },
    limits: { memory, 'nvidia.com/gpu': String(count) },
  },
  tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
});

/** Which GPU a type means is the cluster's matter: give it a nodeSelector in the configuration. */
const defaultWorkloadTypes: Record<(typeof workloadTypes)[number], z.input<typeof workloadTypeSchema>> = {
  CPU: cpu('1', '4Gi'),
  CPU_MEDIUM: cpu('2', '8Gi'),
  CPU_LARGE: cpu('4', '16Gi'),
  GPU_SMALL: gpu(1, '4', '16Gi'),
  GPU_MEDIUM: gpu(1, '8', '32Gi'),
  GPU_MEDIUM_8: gpu(8, '64', '256Gi'),
  GPU_LARGE: gpu(1, '16', '64Gi'),
  GPU_LARGE_2: gpu(2, '32', '128Gi'),
  GPU_XLARGE: gpu(1, '24', '128Gi'),
  GPU_XLARGE_8: gpu(8, '128', '1024Gi'),
  MULTIGPU_MEDIUM: gpu(4, '32', '128Gi'),
};

const sidecarSchema = z
  .strictObject({
    resources: resourcesSchema.default({
      requests: { cpu: '50m', memory: '64Mi' },
      limits: { memory: '192Mi' },
    }),
    queuePerSlot: z
      .int()
      .min(0)
      .default(10)
      .describe('Requests that may wait per request that the model server takes at one time.'),
    queueTimeout: durationSchema.prefault('60s').describe('How long a request may wait in the sidecar.'),
    maxBodyBytes: z
      .int()
      .min(1)
      .default(16 * 1024 * 1024)
      .describe('Greatest request body.'),
    connectTimeout: durationSchema.prefault('2s').describe('Deadline for a connection to the model server.'),
    firstByteTimeout: durationSchema.prefault('297s').describe('Deadline for the first byte of an answer.'),
    idleTimeout: durationSchema.prefault('297s').describe('Greatest silence between two bytes of an answer.'),
    totalTimeout: durationSchema.prefault('297s').describe('Deadline of a request as a whole.'),
    drainQuiet: durationSchema
      .prefault('5s')
      .describe('Time without a new request after which a pod may go.'),
    drainMax: durationSchema.prefault('300s').describe('Greatest time that a pod takes to let go.'),
  })
  .describe('The sidecar beside each model server.');

const scalingSchema = z
  .strictObject({
    concurrencyPerReplica: z
      .int()
      .min(1)
      .default(4)
      .describe('Concurrent requests that one replica is provisioned for.'),
    targetUtilization: z
      .number()
      .min(0.1)
      .max(1)
      .default(0.7)
      .describe('Share of the concurrency of a replica that the HPA aims at.'),
    stableWindow: durationSchema.prefault('60s').describe('Average that the HPA follows.'),
    burstWindow: durationSchema
      .prefault('6s')
      .describe('Average that counts when it is twice the stable one.'),
    reportInterval: durationSchema.prefault('1s').describe('How often proxies report demand.'),
    reportExpiry: durationSchema
      .prefault('10s')
      .describe('Silence after which a proxy is no longer believed to know its demand.'),
    scaleDownStabilization: durationSchema
      .prefault('300s')
      .describe('How long the HPA waits before it takes replicas away.'),
  })
  .describe('How replicas follow demand.');

const deadlinesSchema = z
  .strictObject({
    progress: durationSchema
      .prefault('20m')
      .describe('A Deployment without progress for so long has failed; covers fetching and loading.'),
    modelLoad: durationSchema
      .prefault('15m')
      .describe('A model server that is not ready by then is restarted.'),
    afterSwitch: durationSchema
      .prefault('10s')
      .describe('Time that gateways get to follow a switch of the traffic before the old Deployment goes.'),
    refusalRetry: durationSchema
      .prefault('30s')
      .describe('When what the cluster refused is tried again: a quota may have grown, a name may be free.'),
  })
  .describe('How long things may take.');

const certificatesSchema = z
  .strictObject({
    authorityValidity: durationSchema.prefault('87600h').describe('Life of the certificate authority.'),
    validity: durationSchema
      .prefault('2160h')
      .describe('Life of a certificate; renewed at two thirds of it.'),
    propagation: durationSchema
      .prefault('1h')
      .describe('Time between trusting a new authority everywhere and signing with it.'),
  })
  .refine(({ authorityValidity, propagation }) => propagation < authorityValidity / 3, {
    path: ['propagation'],
    message:
      'must be less than a third of authorityValidity: an authority gets its successor at two thirds of its life',
  })
  .refine(({ validity }) => validity >= 60_000, { path: ['validity'], message: 'must be at least 1m' })
  .describe('Certificates between gateway, sidecars and operator.');

export const operatorConfigSchema = z.strictObject({
  logLevel: z.enum(logLevels).default('info').describe('Least level that is logged.'),
  kubeconfig: z.string().optional().describe('Kubeconfig; default: the ServiceAccount of the pod.'),
  serviceAccountDir: z.string().optional().describe('Where the ServiceAccount of the pod is mounted.'),
  systemNamespace: z.string().min(1).default('fairlead-system').describe('Where Fairlead itself runs.'),
  defaultNamespace: z
    .string()
    .min(1)
    .default('default')
    .describe('Namespace of requests that name none; its endpoints have the short URL.'),
  trustDomain: z.string().min(1).default('cluster.local').describe('SPIFFE trust domain of identities.'),
  publicUrl: z
    .url()
    .default('http://fairlead-gateway.fairlead-system.svc')
    .describe('Where users reach the gateway; the URLs in the status begin with it.'),
  podName: z.string().min(1).describe('Name of the pod of this process: identifies it as a leader.'),
  podIp: z.string().min(1).describe('Address at which the other operators reach this process.'),
  bindHost: z.string().min(1).default('0.0.0.0').describe('Address that the servers listen on.'),
  adminPort: portSchema.default(9090).describe('Port of /healthz, /readyz and /metrics; 0 takes a free one.'),
  demandPort: z
    .int()
    .min(1)
    .max(65535)
    .default(8444)
    .describe('Port that demand is reported to (mTLS); part of the identity as leader.'),
  metricsPort: portSchema
    .default(6443)
    .describe('Port of external.metrics.k8s.io (TLS); 0 takes a free one.'),
  demandUrl: z
    .url()
    .optional()
    .describe('Where proxies report demand; default: the Service of the operator.'),
  sidecarImage: z.string().min(1).default('fairlead:dev').describe('Image of the sidecar: this one.'),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .default('IfNotPresent')
    .describe('When nodes pull the image of the sidecar.'),
  mlflowTrackingUri: z.string().optional().describe('MLFLOW_TRACKING_URI of model fetchers.'),
  mlflowRegistryUri: z.string().optional().describe('MLFLOW_REGISTRY_URI of model fetchers.'),
  workers: z.int().min(1).max(64).default(4).describe('Endpoints that are reconciled side by side.'),
  shutdownGrace: durationSchema.prefault('20s').describe('Time to stop in before the process just leaves.'),
  historyLimit: z.int().min(0).max(100).default(10).describe('Config versions that are kept per endpoint.'),
  workloadTypes: z
    .partialRecord(z.enum(workloadTypes), workloadTypeSchema)
    .default({})
    .describe('What workload types mean in this cluster; a type that is given replaces its default.')
    .transform((given) => ({ ...workloadTypeDefaults(), ...given })),
  sidecar: sidecarSchema.prefault({}),
  scaling: scalingSchema.prefault({}),
  deadlines: deadlinesSchema.prefault({}),
  certificates: certificatesSchema.prefault({}),
});

export type OperatorConfig = z.output<typeof operatorConfigSchema>;

function workloadTypeDefaults(): Record<(typeof workloadTypes)[number], WorkloadType> {
  return z.record(z.enum(workloadTypes), workloadTypeSchema).parse(defaultWorkloadTypes);
}

/** Returns where proxies report demand. */
export const demandUrlOf = (config: OperatorConfig): string =>
  config.demandUrl ?? `https://fairlead-operator.${config.systemNamespace}.svc:8444/v1/demand`;
