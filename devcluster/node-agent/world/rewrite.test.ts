import { describe, expect, it } from 'vitest';
import { makeRewriter } from './rewrite.ts';

const rewrite = makeRewriter({
  mounts: [
    { mountPath: '/mnt/models', path: '/real/models' },
    { mountPath: '/mnt', path: '/real/mnt' },
    { mountPath: '/etc/fairlead/sidecar/', path: '/real/sidecar' },
    { mountPath: '/iris', path: '/real/iris' },
    { mountPath: '/etc/app.conf', path: '/real/conf' },
  ],
  address: '127.66.0.9',
});

describe('rewriting of mount paths', () => {
  it.each([
    ['a path by itself', '/mnt/models', '/real/models'],
    ['a file below it', '/mnt/models/model.pkl', '/real/models/model.pkl'],
    ['the longest mount that holds the path', '/mnt/models/x /mnt/other', '/real/models/x /real/mnt/other'],
    [
      'a mount path written with a slash at its end',
      '/etc/fairlead/sidecar/config.json',
      '/real/sidecar/config.json',
    ],
    ['a flag with its value', '--model-dir=/mnt/models', '--model-dir=/real/models'],
    ['a quoted path in a script', 'cat "/mnt/models/a" > /mnt/b', 'cat "/real/models/a" > /real/mnt/b'],
    ['a file URL', 'file:///mnt/models/x', 'file:///real/models/x'],
    ['a file URL with one slash', 'file:/mnt/models/x', 'file:/real/models/x'],
    ['a database URL with an absolute path', 'sqlite:////mnt/models/a.db', 'sqlite:////real/models/a.db'],
    ['a search path', '/usr/bin:/mnt/models/bin', '/usr/bin:/real/models/bin'],
    ['a list', '/mnt/models,/mnt/models', '/real/models,/real/models'],
    ['a mounted file', '/etc/app.conf', '/real/conf'],
    ['an option right before it is left to the option', '-I/mnt/models', '-I/mnt/models'],
    ['the parent mount where the name only begins alike', '/mnt/models-old', '/real/mnt/models-old'],
    ['nothing where the name only begins alike', '/iris-2 /iris.bak /iris_x', '/iris-2 /iris.bak /iris_x'],
    ['nothing inside a longer path', '/opt/mnt/models', '/opt/mnt/models'],
    ['nothing in a relative path', './mnt/models ../mnt/models', './mnt/models ../mnt/models'],
    ['nothing in the path of a web URL', 'https://host/mnt/models', 'https://host/mnt/models'],
    ['nothing in the path of a bucket', 's3://bucket/mnt/models', 's3://bucket/mnt/models'],
    ['nothing in an opaque URI', 'models:/iris/1', 'models:/iris/1'],
    ['nothing in an opaque URI after a flag', '--source=models:/iris/1', '--source=models:/iris/1'],
    ['nothing where the dot could be any character', '/etc/appXconf', '/etc/appXconf'],
  ])('changes %s', (_name, text, expected) => {
    expect(rewrite(text)).toBe(expected);
  });

  it('does not look again at what it put in', () => {
    const nested = makeRewriter({ mounts: [{ mountPath: '/srv', path: '/srv/state/volumes/a' }] });
    expect(nested('/srv/x')).toBe('/srv/state/volumes/a/x');
  });

  it('takes a path with dollar signs literally', () => {
    const odd = makeRewriter({ mounts: [{ mountPath: '/data', path: '/real/$&/$1' }] });
    expect(odd('/data/x')).toBe('/real/$&/$1/x');
  });
});

describe('rewriting of localhost', () => {
  it.each([
    ['the address', '127.0.0.1', '127.66.0.9'],
    ['the name', 'localhost', '127.66.0.9'],
    ['host and port', '127.0.0.1:8080', '127.66.0.9:8080'],
    ['a flag', '--host=localhost', '--host=127.66.0.9'],
    ['a URL', 'http://127.0.0.1:8080/x', 'http://127.66.0.9:8080/x'],
    ['a URL whose path begins with digits', 'http://127.0.0.1/16', 'http://127.66.0.9/16'],
    ['a URL with user and password', 'postgres://u:p@localhost/db', 'postgres://u:p@127.66.0.9/db'],
    ['a list', 'localhost,127.0.0.1,.svc', '127.66.0.9,127.66.0.9,.svc'],
    ['all addresses', '--bind 0.0.0.0:80', '--bind 127.66.0.9:80'],
    ['code in quotes', "connect('localhost', 80)", "connect('127.66.0.9', 80)"],
    ['the end of a sentence', 'listening on 127.0.0.1.', 'listening on 127.66.0.9.'],
    ['nothing in a longer address', '127.0.0.10 1127.0.0.1 127.0.0.1.5', '127.0.0.10 1127.0.0.1 127.0.0.1.5'],
    [
      'nothing in a longer name',
      'localhost.example mylocalhost localhost-2',
      'localhost.example mylocalhost localhost-2',
    ],
    ['nothing in a wildcard name', '127.0.0.1.nip.io', '127.0.0.1.nip.io'],
    ['nothing in a network', '127.0.0.1/8,0.0.0.0/0', '127.0.0.1/8,0.0.0.0/0'],
    ['nothing in a path', '/data/localhost/x', '/data/localhost/x'],
    ['nothing in a key', 'localhost=1', 'localhost=1'],
    ['nothing in a user name', 'ssh://localhost@host', 'ssh://localhost@host'],
  ])('changes %s', (_name, text, expected) => {
    expect(rewrite(text)).toBe(expected);
  });

  it("leaves localhost to a pod of the host's network", () => {
    const host = makeRewriter({ mounts: [{ mountPath: '/data', path: '/real' }] });
    expect(host('localhost:80 /data')).toBe('localhost:80 /real');
  });
});
