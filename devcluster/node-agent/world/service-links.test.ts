import { describe, expect, it } from 'vitest';
import type { Service } from '../../controllers/objects/kinds.ts';
import { serviceLinks } from './service-links.ts';

const service = (
  namespace: string,
  name: string,
  clusterIP: string,
  ports: Service['spec']['ports'] = [],
): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name, uid: name, resourceVersion: '1', creationTimestamp: '' },
  spec: { clusterIP, ports },
});

const services = [
  service('default', 'kubernetes', '127.96.0.1', [{ name: 'https', port: 443, protocol: 'TCP' }]),
  service('team-a', 'my-db', '127.96.0.7', [
    { name: 'sql-port', port: 5432 },
    { port: 53, protocol: 'UDP' },
  ]),
  service('team-a', 'headless', 'None', [{ port: 80 }]),
  service('team-b', 'other', '127.96.0.8', [{ port: 80 }]),
];

describe('the variables of Services', () => {
  const variables = serviceLinks(services, 'team-a', true);

  it('tell of the API server to every pod', () => {
    expect(variables).toMatchObject({
      KUBERNETES_SERVICE_HOST: '127.96.0.1',
      KUBERNETES_SERVICE_PORT: '443',
      KUBERNETES_SERVICE_PORT_HTTPS: '443',
      KUBERNETES_PORT: 'tcp://127.96.0.1:443',
    });
  });

  it('tell of the Services of the namespace as kubelet does', () => {
    expect(Object.entries(variables).filter(([name]) => name.startsWith('MY_DB'))).toEqual([
      ['MY_DB_SERVICE_HOST', '127.96.0.7'],
      ['MY_DB_SERVICE_PORT', '5432'],
      ['MY_DB_PORT', 'tcp://127.96.0.7:5432'],
      ['MY_DB_SERVICE_PORT_SQL_PORT', '5432'],
      ['MY_DB_PORT_5432_TCP', 'tcp://127.96.0.7:5432'],
      ['MY_DB_PORT_5432_TCP_PROTO', 'tcp'],
      ['MY_DB_PORT_5432_TCP_PORT', '5432'],
      ['MY_DB_PORT_5432_TCP_ADDR', '127.96.0.7'],
      ['MY_DB_PORT_53_UDP', 'udp://127.96.0.7:53'],
      ['MY_DB_PORT_53_UDP_PROTO', 'udp'],
      ['MY_DB_PORT_53_UDP_PORT', '53'],
      ['MY_DB_PORT_53_UDP_ADDR', '127.96.0.7'],
    ]);
  });

  it('tell nothing of headless Services and of other namespaces', () => {
    expect(Object.keys(variables).some((name) => /^(HEADLESS|OTHER)/.test(name))).toBe(false);
  });

  it('are only those of the API server where the pod wants no links', () => {
    expect(
      Object.keys(serviceLinks(services, 'team-a', false)).every((name) => name.startsWith('KUBERNETES')),
    ).toBe(true);
  });
});
