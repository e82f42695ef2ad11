/** Owns what the operator can be told: one schema for flags, environment and file, each field with its sentence. */
import * as z from 'zod';
import { durationSchema } from '../../core/duration.ts';
import { logLevels } from '../../platform/logging.ts';
import { certificatesSchema } from './certificates.ts';
import { dataPlaneSchema } from './data-plane.ts';
import { deadlinesSchema } from './deadlines.ts';
import { limitsSchema } from './limits.ts';
import { leaderElectionSchema } from './leader-election.ts';
import { routeOptimizedSchema } from './route-optimised.ts';
import { scalingSchema } from './scaling.ts';
import { sidecarSchema } from './sidecar.ts';
import { workloadTypesSchema } from './workload-types.ts';

const portSchema = z.int().min(0).max(65535);

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
  webhookPort: portSchema.default(9443).describe('Port of the admission webhooks (TLS); 0 takes a free one.'),
  demandUrl: z
    .url()
    .optional()
    .describe('Where proxies report demand; default: the Service of the operator.'),
  sidecarImage: z.string().min(1).default('fairlead:dev').describe('Image of the sidecar: this one.'),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .default('IfNotPresent')
    .describe('When nodes pull the image of the sidecar.'),
  mlflowTrackingUri: z.string().optional().describe('MLFLOW_TRACKING_URI of model fetchers, where model.credentials do not name another one.'),
  mlflowRegistryUri: z.string().optional().describe('MLFLOW_REGISTRY_URI of model fetchers, where model.credentials do not name another one.'),
  workers: z.int().min(1).max(64).default(4).describe('Endpoints that are reconciled side by side.'),
  shutdownGrace: durationSchema.prefault('20s').describe('Time to stop in before the process just leaves.'),
  historyLimit: z.int().min(0).max(100).default(10).describe('Config versions that are kept per endpoint.'),
  workloadTypes: workloadTypesSchema,
  sidecar: sidecarSchema.prefault({}),
  scaling: scalingSchema.prefault({}),
  leaderElection: leaderElectionSchema.prefault({}),
  deadlines: deadlinesSchema.prefault({}),
  limits: limitsSchema.prefault({}),
  certificates: certificatesSchema.prefault({}),
  dataPlane: dataPlaneSchema.prefault({}),
  routeOptimized: routeOptimizedSchema.prefault({}),
});

export type OperatorConfig = z.output<typeof operatorConfigSchema>;

/** Returns where sidecars reach gateways. */
export const gatewayUrlOf = (config: OperatorConfig): string =>
  config.routeOptimized.gatewayUrl ?? `https://fairlead-gateway-direct.${config.systemNamespace}.svc:8444`;

/** Returns where proxies report demand. */
export const demandUrlOf = (config: OperatorConfig): string =>
  config.demandUrl ?? `https://fairlead-operator.${config.systemNamespace}.svc:8444/v1/demand`;
