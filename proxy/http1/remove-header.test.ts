import { expect, it } from 'vitest';
import { removeHeader } from './remove-header.ts';

it('removeHeader takes every one of a name away, and nothing else', () => {
  const headers = [
    'Accept-Encoding',
    'gzip',
    'Accept',
    '*/*',
    'accept-encoding',
    'br',
    'X-Encoding-Acce',
    '1',
  ];
  removeHeader(headers, 'accept-encoding');
  expect(headers).toEqual(['Accept', '*/*', 'X-Encoding-Acce', '1']);
});
