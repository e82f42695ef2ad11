/** Owns how a Python that can run the model server is found on this machine. */
import { spawnSync } from 'node:child_process';
import { AppError } from '../../platform/errors.ts';

export interface Python {
  readonly command: string;
  /** Major, minor and patch. */
  readonly version: string;
}

const candidates = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];

const probe = `
import sys
try:
    import ensurepip, venv
    usable = 'venv'
except ImportError:
    usable = 'no-venv'
print('%d.%d.%d' % sys.version_info[:3], usable)
`;

/** Asks one command for its version; undefined where it is missing or does not answer. */
export type PythonProbe = (command: string) => string | undefined;

/**
 * Returns the first Python >= 3.10 on PATH that can make a virtual environment.
 *
 * @throws AppError `PYTHON_MISSING`, `PYTHON_TOO_OLD` or `PYTHON_WITHOUT_VENV`, with the remedy.
 */
export function findPython(ask: PythonProbe = runProbe): Python {
  const seen: string[] = [];
  let withoutVenv: string | undefined;
  for (const command of candidates) {
    const [version, usable] = ask(command)?.trim().split(' ') ?? [];
    if (version === undefined) continue;
    if (!isNewEnough(version)) seen.push(`${command} is ${version}`);
    else if (usable === 'venv') return { command, version };
    else withoutVenv ??= `${command} ${version}`;
  }
  if (withoutVenv !== undefined) {
    throw new AppError(
      'PYTHON_WITHOUT_VENV',
      `${withoutVenv} cannot make virtual environments; install that part of it (Debian, Ubuntu: sudo apt install python3-venv)`,
    );
  }
  const remedy =
    'install one (Debian, Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python) and start again';
  if (seen.length > 0) {
    throw new AppError('PYTHON_TOO_OLD', `Python 3.10 or newer is needed and ${seen.join(', ')}; ${remedy}`);
  }
  throw new AppError('PYTHON_MISSING', `no Python 3.10 or newer is on PATH; ${remedy}`);
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 10);
}

function runProbe(command: string): string | undefined {
  const result = spawnSync(command, ['-c', probe], { encoding: 'utf8', timeout: 20_000 });
  return result.status === 0 ? result.stdout : undefined;
}
