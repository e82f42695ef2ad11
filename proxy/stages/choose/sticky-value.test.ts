import { describe, expect, it } from 'vitest';
import type { StickyKey } from '../../targets/endpoint-traffic.ts';
import { stickyValueOf } from './sticky-value.ts';

const header: StickyKey = { from: 'header', name: 'x-session' };
const cookie: StickyKey = { from: 'cookie', name: 'session' };

describe('the key of a request', () => {
  it.each<[string, string[], StickyKey, string | undefined]>([
    ['is the value of the header, however that is spelled', ['X-Session', 'a b'], header, 'a b'],
    ['is the first of two', ['x-session', 'a', 'x-session', 'b'], header, 'a'],
    ['is nothing where the header is not there', ['x-other', 'a'], header, undefined],
    ['is nothing where the header is empty', ['x-session', ''], header, undefined],
    ['is the value of the cookie', ['Cookie', 'a=1; session=abc=; b=2'], cookie, 'abc='],
    ['is found in the second of two cookie headers', ['cookie', 'a=1', 'cookie', 'session=b'], cookie, 'b'],
    ['is not that of a cookie whose name is spelled otherwise', ['Cookie', 'Session=abc'], cookie, undefined],
    ['is not that of a cookie whose name ends alike', ['Cookie', 'my-session=abc'], cookie, undefined],
    ['is nothing where the cookie is empty', ['Cookie', 'session='], cookie, undefined],
    ['is nothing where there are no cookies', ['session', 'abc'], cookie, undefined],
  ])('%s', (_name, headers, sticky, key) => {
    expect(stickyValueOf(headers, sticky)).toBe(key);
  });
});
