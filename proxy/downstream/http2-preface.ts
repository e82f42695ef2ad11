/** Owns how a client of HTTP/2 is told from one of HTTP/1.1 by its first bytes (RFC 9113 §3.4). */

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** No request of HTTP/1.1 begins like this: the method is reserved. */
const distinctBytes = 'PRI * HTTP/2.0\r\n'.length;

/** Whether `bytes` begin as an HTTP/2 connection does, and far enough to be sure. */
export const isPreface = (bytes: Buffer): boolean =>
  // P, R, I: looked at first, for every request of a connection passes here.
  bytes[0] === 0x50 &&
  bytes[1] === 0x52 &&
  bytes.length >= distinctBytes &&
  preface.startsWith(bytes.toString('latin1', 0, Math.min(bytes.length, preface.length)));
