/** Owns how a pod's world appears to local processes: mount paths become real directories, localhost becomes the pod's own address. Pure. */

export interface World {
  /** Where each mount path really is. */
  readonly mounts: readonly { readonly mountPath: string; readonly path: string }[];
  /** The pod's own address; absent for a pod of the host's network, whose localhost is the real one. */
  readonly address?: string;
}

/** Characters that continue a file or host name: a match next to one of them is part of something else. */
const nameCharacter = String.raw`[\w.-]`;

/**
 * Returns a function that rewrites text of command lines and environment values in one pass, so that nothing that was
 * put in is looked at again. Only whole paths and whole hosts are touched: `/mnt/models/x`, `file:///mnt/models`,
 * `--dir=/mnt/models`, `http://localhost:8080`; not `/mnt/models-old`, `/opt/mnt/models`, `http://host/mnt/models`,
 * `models:/mnt/1`, `127.0.0.10`, `localhost.example`, `127.0.0.1/8`. `0.0.0.0` as a host means all addresses of the
 * pod, which is its one address here.
 */
export function makeRewriter(world: World): (text: string) => string {
  const mounts = new Map(
    world.mounts.map(({ mountPath, path }) => [stripSlash(mountPath), stripSlash(path)]),
  );
  const alternatives: string[] = [];
  if (mounts.size > 0) alternatives.push(mountPattern([...mounts.keys()]));
  if (world.address !== undefined) alternatives.push(hostPattern());
  if (alternatives.length === 0) return (text) => text;
  const pattern = new RegExp(alternatives.join('|'), 'g');
  const address = world.address ?? '';
  return (text) => text.replace(pattern, (match) => mounts.get(match) ?? address);
}

function mountPattern(mountPaths: readonly string[]): string {
  const longestFirst = [...mountPaths].sort((left, right) => right.length - left.length).map(escape);
  // Nothing before it that would make it the rest of a longer path …
  const startsHere = String.raw`(?<![\w./-])`;
  // … unless that is a scheme with its slashes: file:///mnt, sqlite:////mnt.
  const afterScheme = String.raw`(?<=(?<![\w.+/-])[A-Za-z][\w+.-]*:\/{2,3})`;
  // models:/iris/1 is a URI of its own, /usr/bin:/mnt/models a search path, file:/mnt/models a file.
  const notOpaqueUri = String.raw`(?<!(?<![\w.+/-])(?!file:)[A-Za-z][\w+.-]*:)`;
  return `(?:${startsHere}${notOpaqueUri}|${afterScheme})(?:${longestFirst.join('|')})(?!${nameCharacter})`;
}

function hostPattern(): string {
  const host = String.raw`(?:127\.0\.0\.1|0\.0\.0\.0|localhost)`;
  // `localhost.example` is another name, `localhost=1` a key, `localhost@` a user.
  const ends = String.raw`(?![\w-]|\.\w|=|@)`;
  const notNetwork = String.raw`(?!\/\d{1,2}(?![\w/.]))`;
  const inUrl = String.raw`(?<=\/\/|@)${host}${ends}`;
  const alone = String.raw`(?<![\w./@-])${host}${ends}${notNetwork}`;
  return `(?:${inUrl}|${alone})`;
}

const stripSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, '') : path);
const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
