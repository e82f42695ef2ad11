/** Owns the table of webhooks: which path judges what. A path is one webhook, with a failure policy of its own. */
import type { Clock } from '../../platform/clock.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { byPublicName } from '../stores.ts';
import type { Stores } from '../stores.ts';
import { checkAccess } from './check-access.ts';
import { checkLimits } from './check-limits.ts';
import { checkName } from './check-name.ts';
import { checkCreator, noteCreator } from './creator.ts';
import type { Write } from './review.ts';
import type { MayAccess } from './subject-access.ts';
import type { Verdict } from './verdict.ts';
import type { WriteRate } from './write-rate.ts';

/** Judges a write. What it throws is a failure of the webhook, for the failure policy to decide on. */
export type Reviewer = (write: Write) => Verdict | Promise<Verdict>;

export interface ReviewersOptions {
  readonly stores: Pick<Stores, 'endpoints'>;
  readonly mayAccess: MayAccess;
  readonly rate: WriteRate;
  readonly limits: OperatorConfig['limits'];
  readonly clock: Clock;
}

/** Returns the webhooks by path; the chart's webhook configurations name the same paths. */
export function makeReviewers(options: ReviewersOptions): Readonly<Record<string, Reviewer>> {
  const { stores, mayAccess, rate, limits, clock } = options;
  const { store } = stores.endpoints;
  return {
    '/mutate/creator': noteCreator,
    '/validate/access': (write) => checkAccess(write, mayAccess),
    '/validate/creator': checkCreator,
    '/validate/name': (write) =>
      checkName(write, (namespace, name) =>
        store.byIndex(byPublicName, `${namespace}/${name}`).map(({ metadata }) => metadata.name),
      ),
    '/validate/limits': (write) => {
      const { namespace } = write;
      const now = clock.now();
      const use = {
        endpoints: store.list(namespace).length,
        writes: rate.count(namespace, now),
        waitMs: rate.waitMs(namespace, limits.writesPerWindow, now),
      };
      return checkLimits(write, use, limits);
    },
  };
}
