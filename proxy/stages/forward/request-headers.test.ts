import { describe, expect, it } from 'vitest';
import { pushTravellingHeaders } from './request-headers.ts';

const travelling = (raw: readonly string[], nominated: readonly string[] = []): string[] => {
  const out: string[] = [];
  pushTravellingHeaders(raw, nominated, out);
  return out;
};

describe('pushTravellingHeaders', () => {
  it('lets a usual request travel, names and order as they came', () => {
    const raw = ['Content-Type', 'application/json', 'Accept', '*/*', 'X-Thing', '1', 'x-thing', '2'];
    expect(travelling(raw)).toEqual(raw);
  });

  it.each([
    'Host',
    'Connection',
    'Keep-Alive',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Expect',
    'Content-Length',
    'Proxy-Connection',
    'Proxy-Authorization',
    'Authorization',
    'Cookie',
    'X-Request-Id',
    'X-Fairlead-Principal',
    'x-fairlead-accounted',
    'X-FAIRLEAD-ANYTHING',
    'X_Fairlead_Principal',
    'x-fairlead_principal',
  ])('stops %s', (name) => {
    expect(travelling([name, 'value'])).toEqual([]);
  });

  it('stops what Connection nominates', () => {
    expect(travelling(['X-Hop', '1', 'X-End', '2'], ['x-hop'])).toEqual(['X-End', '2']);
  });
});
