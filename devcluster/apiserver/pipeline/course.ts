/** Owns how a write stops for admission webhooks: it yields what it is about to do, and goes on with what comes back. */
import { ApiError } from '../errors/api-error.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import type { RequestContext } from './request-context.ts';

/** What webhooks are asked before a write goes on; the object as its endpoint shows it (a Scale, on `/scale`). */
export interface AdmissionQuestion {
  readonly phase: 'mutate' | 'validate';
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly type: ResourceType;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  /** Empty while a name is still to be generated. */
  readonly name: string;
  /** Absent on deletion. */
  readonly object: KubeObject | undefined;
  /** Absent on creation. */
  readonly oldObject: KubeObject | undefined;
  readonly request: RequestContext;
}

/**
 * A write under way. It stops at each question and is resumed with the object to go on with: the one in the question, or
 * what a mutating webhook made of it.
 */
export type Course<T> = Generator<AdmissionQuestion, T, KubeObject | undefined>;

/** The object was written by somebody else while webhooks were asked: what they said is about a state that is gone. */
export class Overtaken extends ApiError {}

/** Returns what a write comes to when nobody is asked. */
export function runUnasked<T>(course: Course<T>): T {
  let step = course.next();
  while (step.done !== true) step = course.next(step.value.object);
  return step.value;
}
