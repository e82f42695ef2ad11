/** Owns which TLS is spoken, at every port and on every connection of every process. */

/**
 * Suites with forward secrecy and authenticated encryption alone. AES-GCM only, which a FIPS provider has too; key
 * exchange is left to OpenSSL's own order, which follows the provider (and prefers hybrids against quantum computers).
 */
export const modernTls = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
  ].join(':'),
} as const;
