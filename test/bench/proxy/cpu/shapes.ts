/** Owns the shapes in which a proxy is measured: what is TLS on its two sides. */

export type Shape = 'A' | 'B' | 'C' | 'D';

export const shapes: Readonly<Record<Shape, string>> = {
  A: 'plain in, plain out',
  B: 'mTLS in, plain out',
  C: 'plain in, mTLS out',
  D: 'TLS in, mTLS out',
};
