/** Owns the rules of CONTRIBUTING.md and of the design that can be read off the sources; each is one pure function. */
import { posix } from 'node:path';
import type { SourceFile } from './source-file.ts';

/** `file: what is wrong: the remedy` */
export type Violation = string;
export type Rule = (files: readonly SourceFile[]) => Violation[];

/** What each room may import beside itself (design §2). Rooms that are not named here may import any. */
const allowedRooms: Readonly<Record<string, readonly string[]>> = {
  'crds/schema': [],
  crds: ['crds/schema', 'platform'],
  platform: [],
  core: ['crds/schema', 'platform'],
  kube: ['crds/schema', 'platform'],
  operator: ['crds/schema', 'core', 'kube', 'platform'],
  proxy: ['crds/schema', 'core', 'kube', 'platform'],
  api: ['crds/schema', 'core', 'kube', 'platform'],
  devcluster: ['crds', 'crds/schema', 'platform'],
  image: ['operator', 'proxy', 'api'],
  quickstart: ['crds', 'crds/schema', 'core', 'kube', 'platform', 'image'],
};

const roomOf = (path: string): string =>
  path.startsWith('crds/schema/') ? 'crds/schema' : (path.split('/')[0] ?? '');

const isOurs = (target: string): boolean => target.endsWith('.ts');
const isForTests = (path: string): boolean =>
  /\.test\.ts$|-fixture\.ts$|\/testing\/|^(test|e2e)\//.test(path);

export const roomsImportInOneDirection: Rule = (files) =>
  files
    .filter(({ path }) => !isForTests(path))
    .flatMap(({ path, imports }) => {
      const room = roomOf(path);
      const allowed = allowedRooms[room];
      if (allowed === undefined) return [];
      const targets = imports.map(({ target }) => target).filter(isOurs);
      return targets
        .filter((target) => roomOf(target) !== room && !allowed.includes(roomOf(target)))
        .map((target) => {
          const list = allowed.length === 0 ? 'nothing' : allowed.join(', ');
          return `${path}: imports ${target}, but ${room} may import ${list} only: move the code to the room that both may use, or pass it in`;
        });
    });

/** A folder with a process of the proxy in it; what both share, stages above all, stands beside the two. */
const proxyProcessOf = (path: string): string | undefined => /^proxy\/(gateway|sidecar)\//.exec(path)?.[1];

/** Otherwise a stage of one process could not serve in the other. */
export const stagesImportNoProcess: Rule = (files) =>
  files
    .filter(({ path }) => roomOf(path) === 'proxy' && !isForTests(path))
    .flatMap(({ path, imports }) =>
      imports
        .map(({ target }) => ({ target, process: proxyProcessOf(target) }))
        .filter(({ process }) => process !== undefined && process !== proxyProcessOf(path))
        .map(
          ({ target, process }) =>
            `${path}: imports ${target}, which belongs to the ${process ?? ''}: move what is needed to a folder beside the processes`,
        ),
    );

/** Types count as well: files in a circle are one idea cut in the wrong place, or two that cannot be read apart. */
export const filesImportInNoCircle: Rule = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const follow = (path: string, way: readonly string[]): Violation[] => {
    const begins = way.indexOf(path);
    if (begins !== -1) {
      const circle = [...way.slice(begins), path].join(' -> ');
      return [`${circle}: import one another: move what they share to a file of its own`];
    }
    if (done.has(path)) return [];
    const targets = new Set(
      byPath
        .get(path)
        ?.imports.map(({ target }) => target)
        .filter(isOurs),
    );
    const found = [...targets].flatMap((target) => follow(target, [...way, path]));
    done.add(path);
    return found;
  };
  return files.flatMap(({ path }) => follow(path, []));
};

/** A main.ts starts a process when it is loaded; image/ is the switch between the processes. */
export const nobodyImportsAProcess: Rule = (files) =>
  files
    .filter(({ path }) => roomOf(path) !== 'image')
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ target, isTypeOnly }) => posix.basename(target) === 'main.ts' && !isTypeOnly)
        .map(
          ({ target }) => `${path}: imports the process ${target}: import the start… function that it calls`,
        ),
    );

/** The commands in tools/ run the tests, and build what journeys need. */
export const productionLeavesTestsAlone: Rule = (files) =>
  files
    .filter(({ path }) => !isForTests(path) && roomOf(path) !== 'tools')
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ target, isTypeOnly }) => isOurs(target) && isForTests(target) && !isTypeOnly)
        .map(({ target }) => `${path}: imports ${target}, which is for tests: move what both need out of it`),
    );

const clientNode = '@kubernetes/client-node';

export const clientNodeIsLoadedInOnePlace: Rule = (files) =>
  files
    .filter(({ path }) => path !== 'kube/kubeconfig.ts')
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ target, isTypeOnly }) => target === clientNode && !isTypeOnly)
        .map(() => `${path}: loads ${clientNode} at run time: use \`import type\`, or the client of kube/`),
    );

/** Each of them costs a proxy tens of megabytes of memory (design §8). */
const tooHeavyForProxies = [clientNode, '@peculiar/x509', 'express', 'typescript'];

/** Follows what is loaded at start; `await import()` loads on demand and is not followed. */
export const proxiesStayLight: Rule = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const seen = new Set<string>();
  const follow = (path: string, way: readonly string[]): Violation[] => {
    if (seen.has(path)) return [];
    seen.add(path);
    const loaded = (byPath.get(path)?.imports ?? []).filter((one) => !one.isTypeOnly && !one.isDynamic);
    return loaded.flatMap(({ target }) => {
      if (isOurs(target)) return follow(target, [...way, target]);
      if (!tooHeavyForProxies.includes(target)) return [];
      return [
        `${[...way, target].join(' -> ')}: too heavy for a proxy: import types only, or split the file`,
      ];
    });
  };
  const roots = files.filter(({ path }) => roomOf(path) === 'proxy' && !isForTests(path));
  return roots.flatMap(({ path }) => follow(path, [path]));
};

const impureModules = new Set([
  'node:fs',
  'node:fs/promises',
  'node:net',
  'node:http',
  'node:https',
  'node:tls',
  'node:timers',
  'node:timers/promises',
  'node:child_process',
  'node:process',
  'node:os',
  'undici',
  'pino',
]);
const impureNames = [
  'process',
  'console',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'fetch',
  'Date.now',
  'Math.random',
];

export const coreIsPure: Rule = (files) =>
  files
    .filter(({ path }) => roomOf(path) === 'core' && !isForTests(path))
    .flatMap(({ path, imports, names }) => {
      const modules = imports.filter(({ target, isTypeOnly }) => impureModules.has(target) && !isTypeOnly);
      const used = [...modules.map(({ target }) => target), ...impureNames.filter((name) => names.has(name))];
      return used.map(
        (name) => `${path}: uses ${name}, but core decides and does not act: pass the value in`,
      );
    });

const maxLines = 300;

export const filesAreShort: Rule = (files) =>
  files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length;
    if (lines <= maxLines || /\blonger\b/i.test(headerOf(text))) return [];
    return [
      `${path}: has ${lines} lines of at most ${maxLines}: split it by idea, or say in its header why it is longer`,
    ];
  });

/** A unit test needs no sentence: it is named after the file that it stands beside. */
export const filesSayWhatTheyOwn: Rule = (files) => {
  const paths = new Set(files.map(({ path }) => path));
  return files
    .filter(({ path }) => !(path.endsWith('.test.ts') && paths.has(path.replace('.test.ts', '.ts'))))
    .filter(({ text }) => !/\bOwns\b/.test(headerOf(text)))
    .map(({ path }) => `${path}: does not begin with "/** Owns …": say in one sentence what the file is for`);
};

/** Returns the comment that a file begins with. */
function headerOf(text: string): string {
  return /^(?:#![^\n]*\n)?(\/\*\*[^]*?\*\/|(?:\/\/[^\n]*\n)+)/.exec(text)?.[1] ?? '';
}

const emptyNames = ['utils', 'util', 'helpers', 'helper', 'common', 'manager', 'misc', 'types'];

export const namesSayWhatIsInside: Rule = (files) =>
  files.flatMap(({ path }) => {
    const parts = path.replace(/(\.(test|bench|config))?\.ts$/, '').split('/');
    const violations = parts
      .filter((part) => emptyNames.includes(part))
      .map((part) => `${path}: "${part}" could hold anything: name it after the one idea that it holds`);
    const isKebab = parts.every((part) => /^\.?[a-z0-9]+(-[a-z0-9]+)*$/.test(part));
    return isKebab ? violations : [...violations, `${path}: is not in kebab-case: rename it`];
  });
