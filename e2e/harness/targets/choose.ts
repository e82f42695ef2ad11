/** Owns which cluster the journeys run on, and how a person says so. Pure. */
import { AppError } from '../../../platform/errors.ts';

export const targetNames = ['devcluster', 'control-plane', 'given'] as const;
export type TargetName = (typeof targetNames)[number];

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the target that `E2E_TARGET` names; without it, the one given by `E2E_KUBECONFIG`, else `otherwise`.
 *
 * @throws AppError `E2E_TARGET_UNKNOWN`; `E2E_KUBECONFIG_MISSING` where a given cluster is wanted and not given.
 */
export function chooseTarget(env: Environment, otherwise: TargetName): TargetName {
  const wanted = env['E2E_TARGET'] ?? (env['E2E_KUBECONFIG'] === undefined ? otherwise : 'given');
  const target = targetNames.find((name) => name === wanted);
  if (target === undefined) {
    throw new AppError(
      'E2E_TARGET_UNKNOWN',
      `E2E_TARGET is "${wanted}"; it may be ${targetNames.join(', ')}`,
    );
  }
  if (target === 'given' && env['E2E_KUBECONFIG'] === undefined) {
    throw new AppError(
      'E2E_KUBECONFIG_MISSING',
      'E2E_TARGET=given needs E2E_KUBECONFIG, the path of a kubeconfig',
    );
  }
  return target;
}
