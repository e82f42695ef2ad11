/** Owns what every target is told about the run that it is part of. */
import type { Home } from '../../../quickstart/home.ts';
import type { Lifetime } from '../../../quickstart/processes/lifetime.ts';
import type { Note } from '../../../quickstart/progress.ts';
import type { ClusterUnderTest } from '../cluster-under-test.ts';

export interface Run {
  readonly home: Home;
  readonly lifetime: Lifetime;
  readonly note: Note;
  /** The Python that model servers run in. */
  readonly interpreter: string;
}

/** Brings up a cluster with Fairlead and the models of the journeys; it ends with the run's lifetime. */
export type Target = (run: Run) => Promise<ClusterUnderTest>;
