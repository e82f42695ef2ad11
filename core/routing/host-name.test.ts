import { describe, expect, it } from 'vitest';
import { parseHostName } from './host-name.ts';

const domain = 'models.example.com';
const none = undefined;

describe('parseHostName', () => {
  it.each<[what: string, host: string, namespace: string, endpoint: string | undefined]>([
    ['a namespace', 'team-a.models.example.com', 'team-a', none],
    ['an endpoint', 'wine.team-a.models.example.com', 'team-a', 'wine'],
    ['a name with a port', 'wine.team-a.models.example.com:8080', 'team-a', 'wine'],
    ['a name with a dot at its end', 'wine.team-a.models.example.com.', 'team-a', 'wine'],
    ['a name in capitals', 'Wine_Prod.Team-A.Models.Example.COM', 'team-a', 'wine_prod'],
  ])('understands %s', (_what, host, namespace, endpoint) => {
    expect(parseHostName(host, domain)).toEqual({ namespace, endpoint });
  });

  it.each([
    ['the domain itself', 'models.example.com'],
    ['another domain', 'wine.team-a.example.com'],
    ['a domain that ends alike', 'wine.team-a.evilmodels.example.com'],
    ['a deeper name', 'a.wine.team-a.models.example.com'],
    ['an empty label', 'wine..models.example.com'],
    ['an empty namespace', '.models.example.com'],
    ['a namespace that cannot be one', 'team_a.models.example.com'],
    ['an endpoint that is too long', `${'x'.repeat(64)}.team-a.models.example.com`],
    ['an address', '127.0.0.1:8080'],
    ['an address of IPv6', '[::1]:8080'],
    ['nothing', ''],
  ])('leaves %s to the path', (_what, host) => {
    expect(parseHostName(host, domain)).toBeUndefined();
  });
});
