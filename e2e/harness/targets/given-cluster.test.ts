import { expect, it } from 'vitest';
import { urlOf } from './given-cluster.ts';

const spec = (port: number) => ({ spec: { ports: [{ port }] } });
const ingress = (address: object) => ({ status: { loadBalancer: { ingress: [address] } } });

it.each([
  ['a name', { ...spec(80), ...ingress({ hostname: 'lb.example' }) }, 'http://lb.example:80'],
  ['an address and TLS', { ...spec(443), ...ingress({ ip: '192.0.2.7' }) }, 'https://192.0.2.7:443'],
])('finds the gateway of a load balancer with %s', (_name, service, url) => {
  expect(urlOf(service)).toBe(url);
});

it('says how to reach a gateway that has no address outside of the cluster', () => {
  expect(() => urlOf(spec(80))).toThrow(/port-forward .* E2E_GATEWAY_URL=/);
});
