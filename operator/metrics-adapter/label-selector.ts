/** Owns the label selectors that the metrics API understands: equality and sets on one label. */
import { labels } from '../../crds/schema/api.ts';
import { AppError } from '../../platform/errors.ts';

/**
 * Returns the Deployments that a selector asks for; undefined where it asks for all.
 *
 * @throws AppError `SELECTOR_INVALID` for another label or operator.
 */
export function parseDeploymentSelector(selector: string): readonly string[] | undefined {
  const trimmed = selector.trim();
  if (trimmed === '') return undefined;
  const match = /^([^\s=!(),]+)\s*(?:==?\s*([^\s=!(),]+)|in\s*\(([^()]*)\))$/.exec(trimmed);
  if (match?.[1] !== labels.deployment) {
    throw new AppError(
      'SELECTOR_INVALID',
      `the selector "${selector}" is not understood; write ${labels.deployment}=<name>, or ${labels.deployment} in (<names>)`,
    );
  }
  const [, , single, several] = match;
  return single === undefined ? (several ?? '').split(',').map((name) => name.trim()) : [single];
}
