import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTraceparent, parseTraceparent } from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('parseTraceparent', () => {
  it.each<[string, string, boolean]>([
    ['a sampled request', `00-${traceId}-${spanId}-01`, true],
    ['one that is not sampled', `00-${traceId}-${spanId}-00`, false],
    ['flags that are not known', `00-${traceId}-${spanId}-fe`, false],
    ['a later version', `01-${traceId}-${spanId}-01`, true],
    ['a later version that says more', `cc-${traceId}-${spanId}-01-what-else`, true],
  ])('reads %s', (_name, value, isSampled) => {
    expect(parseTraceparent(value)).toEqual({ traceId, spanId, isSampled });
  });

  it.each([
    ['nothing', undefined],
    ['an empty value', ''],
    ['the version that is none', `ff-${traceId}-${spanId}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['capital letters', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['a trace that is too short', `00-${traceId.slice(1)}-${spanId}-01`],
    ['no flags', `00-${traceId}-${spanId}`],
    ['more than this version says', `00-${traceId}-${spanId}-01-x`],
    ['more without a dash', `01-${traceId}-${spanId}-01x`],
    ['two values', `00-${traceId}-${spanId}-01,00-${traceId}-${spanId}-01`],
    ['spaces', ` 00-${traceId}-${spanId}-01`],
  ])('makes nothing of %s', (_name, value) => {
    expect(parseTraceparent(value)).toBeUndefined();
  });

  it('reads what is written, and bears anything', () => {
    const hex = (length: number) =>
      fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => !/^0+$/.test(text));
    const context = fc.record({ traceId: hex(32), spanId: hex(16), isSampled: fc.boolean() });
    fc.assert(
      fc.property(context, (it) => {
        expect(parseTraceparent(formatTraceparent(it))).toEqual(it);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseTraceparent(text)).toBeUndefined();
      }),
    );
  });
});
