/** Owns the network that a control plane has to itself, so that runs side by side, and the machine, are not disturbed. */
import { spawnSync } from 'node:child_process';
import { localRanges } from '../controlplane/addresses.ts';

export type Command = readonly [program: string, ...args: string[]];

/** Brings up the loopback device, answers on all addresses of pods and Services, and becomes the command. */
const script = [
  'ip link set lo up',
  ...Object.values(localRanges).map((range) => `ip route add local ${range} dev lo`),
  'exec "$@"',
].join(' && ');

/**
 * Returns the command that runs `command` in a network of its own: root may make one, and on most systems everybody
 * else as the root of a user namespace. Pure.
 */
export const makeNamespaceCommand = (command: Command, isRoot: boolean): Command => [
  'unshare',
  ...(isRoot ? ['--net'] : ['--map-root-user', '--net']),
  ...['--', 'sh', '-c', script, 'sh'],
  ...command,
];

const isRoot = (): boolean => process.getuid?.() === 0;

/** Returns the command that runs `command` in a network of its own. */
export const inOwnNetwork = (command: Command): Command => makeNamespaceCommand(command, isRoot());

/** Returns why this user cannot make a network here, in words, or undefined. */
export function checkOwnNetwork(): string | undefined {
  const [program, ...args] = inOwnNetwork(['true']);
  const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return undefined;
  return error === undefined ? (stderr.trim().split('\n').at(-1) ?? '') : error.message;
}
