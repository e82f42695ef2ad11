/** Owns the lives of certificates and of their authority. */
import * as z from 'zod';
import { durationSchema } from '../../core/duration.ts';

export const certificatesSchema = z
  .strictObject({
    authoritySecret: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A Secret (kubernetes.io/tls, in the system namespace) whose authority signs, made and renewed by cert-manager or by you; default: the operator makes one.',
      ),
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
