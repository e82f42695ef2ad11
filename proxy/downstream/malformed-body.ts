/** Owns what is said of a request's body that cannot be read: thrown where it is read, answered where it is owned. */
import { refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';

export class MalformedBody extends Error {
  readonly refusal: Refusal;

  constructor(what: string) {
    super(what);
    this.refusal = refusals.malformedRequest(what);
  }
}

/** How bodies of requests are read. */
export const malformedBody = {
  padded: false,
  malformed: (what: string): MalformedBody => new MalformedBody(what),
};
