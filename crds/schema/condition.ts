/** Owns status conditions: their shape (KEP-1623), their types and the reasons that Fairlead gives. */
import * as z from 'zod';
import { listMap } from './cel.ts';

export const conditionStatuses = ['True', 'False', 'Unknown'] as const;

export const conditionTypes = {
  /** Every entity of the active config can answer (an entity at zero can: it wakes). */
  ready: 'Ready',
  /** True while no config version waits to become active; False with the cause when the newest one failed. */
  configUpdate: 'ConfigUpdate',
  /** The traffic follows the active config. */
  trafficRouted: 'TrafficRouted',
  /** Replicas follow demand. */
  autoscaling: 'Autoscaling',
  /** The certificates of the sidecars are made and valid. */
  certificatesReady: 'CertificatesReady',
  /** Callers can reach the sidecars themselves. Only of route-optimised endpoints. */
  directAccess: 'DirectAccess',
  /** Gateways count the limits in their store. Only where they have one, of endpoints whose limits are counted there. */
  limitsExact: 'LimitsExact',
  /** The spec asks only for what this version of Fairlead does; False names the fields that it does not act on yet. */
  fieldsSupported: 'FieldsSupported',
  /** kstatus: work goes on towards the spec. Present only while True. */
  reconciling: 'Reconciling',
  /** kstatus: the work cannot go on without a change by somebody. Present only while True. */
  stalled: 'Stalled',
} as const;

const conditionSchema = z
  .strictObject({
    type: z.string().min(1).max(316).describe('The aspect, e.g. Ready.'),
    status: z.enum(conditionStatuses).describe('Whether it holds.'),
    observedGeneration: z
      .int()
      .min(0)
      .optional()
      .describe('The generation of the spec that the condition is about.'),
    lastTransitionTime: z.iso.datetime({ offset: true }).describe('When the status last changed.'),
    reason: z
      .string()
      .min(1)
      .max(1024)
      .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
      .describe('The cause in one CamelCase word, for programs.'),
    message: z.string().max(32768).describe('The cause and the remedy, for people.'),
  })
  .describe('One aspect of the state, in the shape that kubectl wait and kstatus read.');

export type Condition = z.output<typeof conditionSchema>;

export const conditionsSchema = z
  .array(conditionSchema)
  .max(32)
  .meta(listMap('type'))
  .describe('The state, aspect by aspect.');
