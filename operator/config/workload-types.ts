/** Owns what workload types mean in this cluster: resources, nodes and tolerations. */
import * as z from 'zod';
import { workloadTypes } from '../../crds/schema/workload.ts';
import { resourcesSchema } from './resources.ts';

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

export const workloadTypesSchema = z
  .partialRecord(z.enum(workloadTypes), workloadTypeSchema)
  .default({})
  .describe('What workload types mean in this cluster; a type that is given replaces its default.')
  .transform((given) => ({ ...workloadTypeDefaults(), ...given }));

function workloadTypeDefaults(): Record<(typeof workloadTypes)[number], WorkloadType> {
  return z.record(z.enum(workloadTypes), workloadTypeSchema).parse(defaultWorkloadTypes);
}
