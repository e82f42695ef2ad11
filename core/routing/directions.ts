/** Owns what the operator tells a sidecar that callers come to themselves: which entity gets which share, and where it runs. */
import * as z from 'zod';

const podSchema = z.object({ host: z.string().min(1), port: z.int().min(1).max(65535) });

const routeSchema = z.object({
  servedEntity: z.string().min(1),
  percent: z.number().min(0).max(100),
  deployment: z.string().min(1).optional().describe('Absent for models outside the cluster.'),
  pods: z.array(podSchema).describe('Its replicas that are ready.'),
});

/** The answer to a report of demand that asks for it. Fields that are not known are left aside. */
export const directionsSchema = z.object({
  version: z.string().max(64).describe('Changes with what is below.'),
  routes: z.array(routeSchema).max(100),
});

export type Directions = z.output<typeof directionsSchema>;
export type DirectedRoute = Directions['routes'][number];
