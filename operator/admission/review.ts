/** Owns the AdmissionReview as the API server sends it and as it is answered. */
import * as z from 'zod';
import { AppError } from '../../platform/errors.ts';
import type { Verdict } from './verdict.ts';

const reviewVersion = 'admission.k8s.io/v1';

const userSchema = z.object({
  username: z.string().default(''),
  uid: z.string().optional(),
  groups: z.array(z.string()).default([]),
  extra: z.record(z.string(), z.array(z.string())).optional(),
});

/** Whatever a stage of admission may find in an object: its schema is checked elsewhere, before or after. */
const objectSchema = z.looseObject({
  metadata: z
    .looseObject({
      name: z.string().default(''),
      annotations: z.record(z.string(), z.string()).nullish(),
    })
    .prefault({}),
  spec: z.looseObject({}).prefault({}),
});

const requestSchema = z.object({
  uid: z.string().min(1),
  kind: z.object({ kind: z.string() }),
  operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
  namespace: z.string().min(1),
  userInfo: userSchema,
  object: objectSchema.nullish(),
  oldObject: objectSchema.nullish(),
});

const reviewSchema = z.object({
  apiVersion: z.literal(reviewVersion),
  kind: z.literal('AdmissionReview'),
  request: requestSchema,
});

export type Requester = z.output<typeof userSchema>;
export type ReviewedObject = z.output<typeof objectSchema>;

/** A write that is to be judged. */
export interface Write {
  readonly uid: string;
  readonly kind: string;
  readonly namespace: string;
  readonly user: Requester;
  readonly object: ReviewedObject;
  /** Absent on creation. */
  readonly old: ReviewedObject | undefined;
}

/**
 * Returns the write that a review is about.
 *
 * @throws AppError `REVIEW_INVALID`.
 */
export function parseReview(body: unknown): Write {
  const parsed = reviewSchema.safeParse(body);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { uid, kind, namespace, userInfo, object, oldObject } = parsed.data.request;
  if (object == null) throw invalid('it has no object: only creations and updates are judged here');
  return { uid, kind: kind.kind, namespace, user: userInfo, object, old: oldObject ?? undefined };
}

const invalid = (why: string): AppError =>
  new AppError(
    'REVIEW_INVALID',
    `this is no AdmissionReview of ${reviewVersion} that is judged here: ${why}`,
  );

/** Returns the review that answers the one with `uid`. */
export function makeAnswer(uid: string, verdict: Verdict): object {
  return {
    apiVersion: reviewVersion,
    kind: 'AdmissionReview',
    response: { uid, allowed: verdict.allowed, ...detailsOf(verdict) },
  };
}

function detailsOf(verdict: Verdict): object {
  if (!verdict.allowed) {
    const { code, reason, message, field } = verdict;
    // Clients put the field before it themselves.
    const inField = field === undefined ? message : message.slice(`${field}: `.length);
    const cause = { reason: 'FieldValueInvalid', message: inField, field };
    return {
      status: { code, reason, message, ...(field === undefined ? {} : { details: { causes: [cause] } }) },
    };
  }
  if (verdict.patch === undefined || verdict.patch.length === 0) return {};
  const patch = Buffer.from(JSON.stringify(verdict.patch)).toString('base64');
  return { patchType: 'JSONPatch', patch };
}
