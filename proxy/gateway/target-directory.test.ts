import { describe, expect, it } from 'vitest';
import type { EndpointSlice } from '../../kube/kinds.ts';
import { addressesOf } from './target-directory.ts';

const slice = (
  endpoints: NonNullable<EndpointSlice['endpoints']>,
  ports = [{ name: 'https', port: 8443 }],
): EndpointSlice => ({
  addressType: 'IPv4',
  ports,
  endpoints,
});

describe('addressesOf', () => {
  it.each([
    ['a ready pod', { ready: true }, [{ host: '10.0.0.1', port: 8443, ready: true }]],
    ['a pod that is not ready', { ready: false }, [{ host: '10.0.0.1', port: 8443, ready: false }]],
    ['a pod of which nothing is said', undefined, [{ host: '10.0.0.1', port: 8443, ready: true }]],
    ['a pod that goes, although it still serves', { ready: false, serving: true, terminating: true }, []],
  ])('%s', (_name, conditions, expected) => {
    const endpoint = { addresses: ['10.0.0.1'], ...(conditions === undefined ? {} : { conditions }) };
    expect(addressesOf(slice([endpoint]))).toEqual(expected);
  });

  it('finds nothing in a slice without the port of the sidecar', () => {
    expect(addressesOf(slice([{ addresses: ['10.0.0.1'] }], [{ name: 'metrics', port: 9090 }]))).toEqual([]);
  });
});
