/** Owns `npm start` as a person runs it: in a terminal of its own, ended with Ctrl-C. */
import { spawn } from 'node:child_process';
import { signalGroup } from '../../platform/processes/process-group.ts';
import { repository } from '../../quickstart/settings.ts';

export interface QuickstartRun {
  /** What has been printed so far. */
  output(): string;
  /** Resolves with the output once it holds `text`; rejects when the program ends before, or takes too long. */
  untilPrinted(text: string, timeoutMs: number): Promise<string>;
  /** Presses Ctrl-C and resolves when npm has ended. */
  interrupt(): Promise<void>;
  /** Kills npm alone, as a crash does. */
  killStarter(): void;
  exitCode(): Promise<number | null>;
}

/** Starts `npm start`; `env` is what differs from this process's environment. */
export function startQuickstart(env: Readonly<Record<string, string>>): QuickstartRun {
  // Detached: a process group of its own, like the foreground job of a terminal, so that Ctrl-C reaches all of it.
  const npm = spawn('npm', ['start'], {
    cwd: repository,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => void (output += chunk));
  }
  const ended = new Promise<number | null>((resolve) => npm.once('close', resolve));
  const group = npm.pid!;
  return {
    output: () => output,
    untilPrinted: async (text, timeoutMs) => {
      const deadline = performance.now() + timeoutMs;
      while (!output.includes(text)) {
        if (npm.exitCode !== null) throw new Error(`npm start ended before it printed "${text}":\n${output}`);
        if (performance.now() > deadline) throw new Error(`"${text}" was not printed in time:\n${output}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return output;
    },
    interrupt: async () => {
      signalGroup(group, 'SIGINT');
      await ended;
    },
    killStarter: () => void npm.kill('SIGKILL'),
    exitCode: () => ended,
  };
}
