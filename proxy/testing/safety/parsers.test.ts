/** Owns the properties of every parser in the request path: they read or refuse, throw nothing else, and let nothing through. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInvocationPath } from '../../../core/routing/invocation-path.ts';
import { sidecarConfigSchema } from '../../../core/sidecar-config.ts';
import { AppError } from '../../../platform/errors.ts';
import { parseGroups, parsePrincipal, pushForwardedCaller } from '../../forwarded-caller.ts';
import { parseResponseHead } from '../../http1/response-head.ts';
import { ResponseParser } from '../../http1/response-parser.ts';
import { trailersOf } from '../../http1/trailers.ts';
import { checkUnfinishedHead } from '../../http1/unfinished-head.ts';
import { tokenOf } from '../../stages/authenticate/bearer-token.ts';

const bytes = fc.string({ unit: 'binary-ascii', maxLength: 16 });
const mixOf = (...words: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: bytes }), {
      maxLength: 14,
    })
    .map((parts) => parts.join(''));

const answer = mixOf(
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 204 \r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n',
  'HTTP/1.0 200 OK\r\n',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close, x\r\n',
  'X: y\r\n',
  'Keep-Alive: timeout=5\r\n',
  '\r\n',
  '\n',
  'abc',
  '3\r\nabc\r\n',
  '0\r\n\r\n',
  '0\r\nA: b\r\n\r\n',
);

/** Reads answers of an upstream as a connection would; returns all that was told, and what was thrown. */
function hear(pieces: readonly string[]): { told: unknown[]; thrown: unknown } {
  const told: unknown[] = [];
  let body = '';
  const parser = new ResponseParser();
  parser.expect(
    {
      onInformation: ({ status, headers }) => told.push([status, headers]),
      onHead: ({ status, headers }) => told.push([status, headers]),
      onBody: (chunk) => {
        body += chunk.toString('latin1');
      },
      onEnd: (trailers, reusable) => told.push([trailers, reusable]),
    },
    { bodiless: false, upgrade: 'websocket' },
  );
  let thrown: unknown;
  try {
    for (const piece of pieces) parser.feed(Buffer.from(piece, 'latin1'));
  } catch (error) {
    thrown = error;
  }
  return { told: [...told, body], thrown };
}

describe('an answer of an upstream', () => {
  it('is read or refused as malformed, and what was read holds no line end and no NUL', () => {
    fc.assert(
      fc.property(
        mixOf('HTTP/1.1 200 OK', '\r\n', 'A: b', ':', ' ', '\0', '\n', '\r', 'Connection: a'),
        (text) => {
          try {
            const { reason, headers } = parseResponseHead(text);
            for (const one of [reason, ...headers]) expect(one).not.toMatch(/[\r\n\0]/);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
            expect(error).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is the same however it is cut, faults included', () => {
    fc.assert(
      fc.property(answer, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (text, sizes) => {
        const pieces: string[] = [];
        for (let at = 0; at < text.length; at += pieces.at(-1)?.length ?? 1) {
          pieces.push(text.slice(at, at + (sizes[pieces.length % sizes.length] ?? 1)));
        }
        const [cut, whole] = [hear(pieces), hear([text])];
        expect(cut.told).toEqual(whole.told);
        expect((cut.thrown as Error | undefined)?.message).toBe((whole.thrown as Error | undefined)?.message);
        if (whole.thrown !== undefined) expect(whole.thrown).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('the end of a body', () => {
  it('has trailers that are read, or a reason why not', () => {
    fc.assert(
      fc.property(
        mixOf('X-Sum: 1', '\r\n', ':', 'Host: a', 'x-fairlead-principal: b', '\0', '\n'),
        (text) => {
          const trailers = trailersOf(text);
          if (typeof trailers === 'string') return;
          for (const one of trailers) expect(one).not.toMatch(/[\r\n\0]/);
          const names = trailers.filter((_, index) => index % 2 === 0);
          for (const name of names) expect(name).not.toMatch(/^(?:host|x-fairlead)/i);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('a head whose end has not come', () => {
  it('is waited for or refused, and never refused where it may still become a good one', () => {
    const good = 'POST /a?b HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n';
    for (let length = 0; length < good.length - 4; length += 1) {
      const part = Buffer.from(good.slice(0, length));
      for (let searched = 0; searched <= length; searched += 1) {
        expect(checkUnfinishedHead(part, 0, searched)).toBeUndefined();
      }
    }
    fc.assert(
      fc.property(mixOf('POST / HTTP/1.1', '\r\n', '\n', '\r', 'A: b'), fc.nat(20), (text, searched) => {
        const refusal = checkUnfinishedHead(Buffer.from(text, 'latin1'), 0, Math.min(searched, text.length));
        expect([undefined, 400, 414, 505]).toContain(refusal?.status);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('credentials', () => {
  it('of any text are a token without blanks around it, or none', () => {
    const text = mixOf('Bearer ', 'bearer', 'Basic ', 'dG9rZW46YWJj', ' ', ':', '=');
    fc.assert(
      fc.property(text, (value) => {
        const token = tokenOf(value);
        if (token !== undefined) expect(token.length).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('that a client of curl sends are its token, whatever that is', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((token) => token.isWellFormed()),
        (token) => {
          expect(tokenOf(`Basic ${Buffer.from(`token:${token}`).toString('base64')}`)).toBe(token);
        },
      ),
    );
  });
});

describe('the path of an invocation', () => {
  it('is understood in one way only, or not at all', () => {
    const path = mixOf(
      '/namespaces/',
      'team-a',
      '/serving-endpoints/',
      'wine',
      '/served-models/',
      '/invocations',
      '/',
      '..',
      '%2f',
    );
    fc.assert(
      fc.property(path, (text) => {
        const asked = parseInvocationPath(text);
        if (asked === undefined) return;
        const { namespace, endpoint, servedEntity } = asked;
        const again = [
          namespace === undefined ? '' : `/namespaces/${namespace}`,
          `/serving-endpoints/${endpoint}`,
          servedEntity === undefined ? '' : `/served-models/${servedEntity}`,
          '/invocations',
        ].join('');
        expect(text.replace(/\/$/, '')).toBe(again);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('what one proxy tells another of the caller', () => {
  it('comes out as it went in, and fits into a header', () => {
    const name = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(
        name,
        fc.array(
          name.filter((text) => text !== ''),
          { maxLength: 5 },
        ),
        (principal, groups) => {
          const headers: string[] = [];
          pushForwardedCaller(headers, { principal, groups });
          for (const one of headers) expect(one).toMatch(/^[\x21-\x7e]*$/);
          expect(parsePrincipal(headers[1])).toBe(principal);
          expect(parseGroups(headers[3])).toEqual(groups);
        },
      ),
    );
  });

  it('never throws, whatever a name or a header holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        pushForwardedCaller([], { principal: text, groups: [text] });
        parsePrincipal(text);
        parseGroups(text);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the file of a sidecar', () => {
  it('is taken or refused, and throws nothing else', () => {
    const config = {
      endpoint: fc.anything(),
      servedEntity: fc.oneof(fc.constant('wine'), fc.anything()),
      modelServer: fc.oneof(
        fc.constant({ port: 1, healthPath: '/', livenessPath: '/', invocationsPath: '/' }),
        fc.anything(),
      ),
      rateLimits: fc.oneof(fc.constant([]), fc.anything()),
      timeouts: fc.anything(),
    };
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.record(config)), (value) => {
        expect(sidecarConfigSchema.safeParse(value).success).toBe(false);
      }),
    );
  });
});
