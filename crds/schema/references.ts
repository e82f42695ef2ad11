/** Owns references to Secrets: by name, or by name and key. */
import * as z from 'zod';

const objectName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

const secretReferenceSchema = z
  .strictObject({ name: objectName.describe('Name of a Secret in the namespace of the object.') })
  .describe('A Secret; all its keys are used.');

const secretKeyReferenceSchema = z
  .strictObject({
    name: objectName.describe('Name of a Secret in the namespace of the object.'),
    key: z
      .string()
      .min(1)
      .max(253)
      .regex(/^[-._a-zA-Z0-9]+$/)
      .describe('Key in the Secret.'),
  })
  .describe('One key of a Secret.');

/** A field whose value is never written into the spec, only referred to. */
export const secretValueSchema = z.strictObject({ secretRef: secretKeyReferenceSchema });
/** A Secret as a whole, e.g. the credentials of an object store as environment variables. */
export const secretSourceSchema = z.strictObject({ secretRef: secretReferenceSchema });
