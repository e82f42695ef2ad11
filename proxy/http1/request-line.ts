/** Owns the first line of an HTTP/1.1 request (RFC 9112 §3): method, target and version. */
import { refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import { areAll, targetCharacters } from './characters.ts';

export interface RequestLine {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly target: string;
  readonly minorVersion: number;
  /** The host that the target names, where it is a URL: that counts, and not the header. */
  readonly named: string | undefined;
}

const maxTargetBytes = 8 * 1024;
const pattern = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([^ ]+) HTTP\/([0-9])\.([0-9])$/;
const absoluteForm = /^https?:\/\/([A-Za-z0-9._~:[\]-]+)(\/[^#]*)?(\?.*)?$/i;

/** Returns what the line (without its CRLF) says, or why it is refused. */
export function parseRequestLine(line: string): RequestLine | Refusal {
  const match = pattern.exec(line);
  if (match === null) return refusals.malformedRequest('its first line is no request line');
  const [, method = '', target = '', major, minor = ''] = match;
  if (major !== '1' || minor > '1') return refusals.unsupportedVersion;
  if (target.length > maxTargetBytes) return refusals.targetTooLong;
  if (!areAll(targetCharacters, target)) {
    return refusals.malformedRequest('its target holds a character that must be percent-encoded');
  }
  const minorVersion = Number(minor);
  if (target.startsWith('/')) return { method, target, minorVersion, named: undefined };
  return parseAbsoluteTarget(method, target, minorVersion);
}

/** A client that takes us for a proxy of its own names the host in the target; that counts, and not the header. */
function parseAbsoluteTarget(method: string, target: string, minorVersion: number): RequestLine | Refusal {
  const match = absoluteForm.exec(target);
  if (match === null) return refusals.malformedRequest('its target is neither a path nor a URL');
  const [, named, path = '/', query = ''] = match;
  return { method, target: path + query, minorVersion, named };
}

/** Returns why the line is refused, whatever may follow it. */
export function checkRequestLine(line: string): Refusal | undefined {
  const read = parseRequestLine(line);
  return 'errorCode' in read ? read : undefined;
}
