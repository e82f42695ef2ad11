/** Owns what an HTTP URL looks like, as a pattern: `format: uri` means something else to each implementation. */
import * as z from 'zod';

export const httpUrlSchema = z
  .string()
  .max(2048)
  .regex(/^https?:\/\/[^\s/?#]+([/?#]\S*)?$/);
