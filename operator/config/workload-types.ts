/** Owns what workload types mean in this cluster: resources, nodes, tolerations, and whatever else their pods need. */
import * as z from 'zod';
import { workloadTypeName, workloadTypes } from '../../crds/schema/workload.ts';
import { resourcesSchema } from './resources.ts';

const workloadTypeSchema = z.strictObject({
  resources: resourcesSchema.describe('Resources of the model server.'),
  nodeSelector: z.record(z.string(), z.string()).default({}).describe('Nodes that have the hardware.'),
  tolerations: z
    .array(z.looseObject({}))
    .default([])
    .describe('Taints of those nodes that pods put up with.'),
  template: z
    .looseObject({})
    .optional()
    .describe(
      'Overlay on the pod template, over the one of the runtime and under the one of the served entity: runtimeClassName, affinity, priorityClassName …',
    ),
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

export const workloadTypesSchema = z
  .record(workloadTypeName, workloadTypeSchema)
  .default({})
  .describe('What workload types mean in this cluster; one that is given replaces its default, or is new.')
  .transform((given): WorkloadTypes => ({ ...workloadTypeDefaults(), ...given }));

export type WorkloadTypes = Readonly<Partial<Record<string, WorkloadType>>>;

function workloadTypeDefaults(): WorkloadTypes {
  return z.record(z.enum(workloadTypes), workloadTypeSchema).parse(defaultWorkloadTypes);
}

/**
 * Returns how many GPUs a pod of the type has, at least 1: what servers are told to spread a model over. A resource is a
 * GPU by its name, as device plugins choose it (`nvidia.com/gpu`, `amd.com/gpu`).
 */
export function gpusOf({ resources }: Pick<WorkloadType, 'resources'>): number {
  const counts = Object.entries(resources.limits).map(([name, count]) =>
    name.endsWith('/gpu') ? Number(count) : 0,
  );
  return Math.max(1, ...counts.filter((count) => Number.isInteger(count)));
}
