/** Owns what a tool of GitOps does with a manifest: server-side apply under its own name, and a look at what has drifted. */
import { expect } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import type { Kubectl } from '../harness/kubectl.ts';

export interface GitOpsTool {
  /** Applies a manifest as the tool `manager`, which takes what it finds with others. */
  apply(manifest: string, manager: string): Promise<void>;
  /** Expects that none of the tools would change anything by applying the manifest again. */
  expectNoDrift(manifest: string, managers: readonly string[]): Promise<void>;
}

export function makeGitOpsTool(kubectl: Kubectl): GitOpsTool {
  const flags = (manager: string): string[] => [
    ...['--server-side', `--field-manager=${manager}`, '--force-conflicts', '-f', '-'],
  ];
  return {
    apply: async (manifest, manager) => {
      const result = await kubectl(['apply', ...flags(manager)], manifest);
      expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    },
    expectNoDrift: async (manifest, managers) => {
      for (const manager of managers) {
        // A status that changes between its two looks is a difference to kubectl; what has drifted stays so.
        await eventually(
          `${manager} would change nothing`,
          20_000,
          () => kubectl(['diff', ...flags(manager)], manifest),
          ({ exitCode }) => exitCode === 0,
        );
      }
    },
  };
}
