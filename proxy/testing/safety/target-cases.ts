/** Owns the cases in which the target of a request could be read as another path than the one that is permitted. */
import { head, post, refused, served } from './safety-case.ts';
import type { SafetyCase, Wording } from './safety-case.ts';

/** A path that is none of ours, whatever others make of it: nothing is normalised. */
const unknown = (name: string, path: (to: Wording) => string): SafetyCase => ({
  name,
  send: (to) => head(to, [], `POST ${path(to)} HTTP/1.1`),
  answers: [404],
  then: 'stays',
  seen: [],
});
const malformed = (name: string, target: (to: Wording) => string): SafetyCase =>
  refused(name, 400, (to) => head(to, [], `POST ${target(to)} HTTP/1.1`));

export const targetCases: readonly SafetyCase[] = [
  unknown('a path with a dot segment', (to) => `/.${to.path}`),
  unknown('a path that goes up and comes back', (to) => `/x/..${to.path}`),
  unknown('a path that goes up above the root', (to) => `/../..${to.path}`),
  unknown('a path with a dot segment at its end', (to) => `${to.path}/.`),
  unknown('a path that goes up from its end', (to) => `${to.path}/x/..`),
  unknown('a path that goes up with percent signs', (to) => `/x/%2e%2e${to.path}`),
  unknown('a path that goes up with one percent sign', (to) => `/x/.%2E${to.path}`),
  unknown('a path that goes up with two layers of percent signs', (to) => `/x/%252e%252e${to.path}`),
  unknown('a path with an escaped slash', (to) => `/%2f${to.path.slice(1)}`),
  unknown('a path that goes up over an escaped slash', (to) => `/x%2F..${to.path}`),
  unknown('a path with two slashes in front', (to) => `/${to.path}`),
  unknown('a path with two slashes inside', (to) => to.path.replace(/\/(?=[^/]*$)/, '//')),
  unknown('a path with backslashes', (to) => `/x\\..${to.path}`),
  unknown('a path that begins with a backslash', (to) => `/\\${to.path.slice(1)}`),
  unknown('a path with an escaped backslash', (to) => `/x%5c..${to.path}`),
  unknown('a path with an escaped NUL', (to) => `${to.path}%00`),
  unknown('a path with an escaped line end', (to) => `${to.path}%0d%0aX:%20y`),
  unknown('a path with an escaped question mark', (to) => `${to.path}%3fx`),
  unknown('a path with an escaped number sign', (to) => `${to.path}%23x`),
  unknown('a path with a parameter', (to) => `${to.path};jsessionid=1`),
  unknown('a path with an escaped letter', (to) => to.path.replace('invocations', 'invocation%73')),
  unknown('a path in overlong UTF-8', (to) => `/%c0%ae%c0%ae${to.path}`),
  unknown('a path with a broken escape', (to) => `${to.path}%`),
  unknown('a path in capitals', (to) => to.path.toUpperCase()),
  unknown('the path of a probe', () => '/health'),
  unknown('a URL with two slashes before its path', (to) => `http://a/${to.path}`),
  malformed('a fragment', (to) => `${to.path}#x`),
  malformed('a raw NUL', (to) => `${to.path}\0`),
  malformed('a raw tab', (to) => `${to.path}\tx`),
  malformed('a byte beyond ASCII', (to) => `${to.path}\xe4`),
  malformed('DEL', (to) => `${to.path}\x7f`),
  malformed('a bare CR', (to) => `${to.path}\rX`),
  malformed('a path without its slash', (to) => to.path.slice(1)),
  malformed('an asterisk', () => '*'),
  malformed('an authority', () => 'models.example:443'),
  malformed('a URL of another scheme', (to) => `ftp://a${to.path}`),
  malformed('a URL of a file', (to) => `file://${to.path}`),
  malformed('a URL with a user', (to) => `http://admin@a${to.path}`),
  malformed('a URL with a password', (to) => `http://a:b@c${to.path}`),
  malformed('a URL with a fragment', (to) => `http://a${to.path}#x`),
  malformed('a URL without a host', (to) => `http://${to.path}`),
  refused('CONNECT', 400, (to) => head(to, [], 'CONNECT models.example:443 HTTP/1.1')),
  {
    name: 'the path of the admin port',
    send: (to) => head(to, [], 'GET /metrics HTTP/1.1'),
    answers: [404],
    then: 'stays',
    seen: [],
  },
  {
    name: 'OPTIONS for everything',
    send: (to) => head(to, [], 'OPTIONS * HTTP/1.1'),
    answers: [400],
    then: 'closes',
    seen: [],
  },
  served('a URL, whose path counts', (to) =>
    post(to).replace(`POST ${to.path}`, `POST http://models.example${to.path}`),
  ),
  {
    ...served('a query with all that may stand there', (to) =>
      head(to, [], `POST ${to.path}?a=/../b&c=%0d%0a\\"<>{}|^\`?? HTTP/1.1`),
    ),
    check: (seen) => {
      if (seen[0]?.url !== '/invocations?a=/../b&c=%0d%0a\\"<>{}|^`??') throw new Error(seen[0]?.url);
    },
  },
];
