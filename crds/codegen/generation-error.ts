/** Owns the error that stops code generation: a schema that cannot become a CRD, named by kind and field. */
import { AppError } from '../../platform/errors.ts';

export class GenerationError extends AppError {
  /** The field, as people write it: `spec.servedEntities[].name`; empty at the root. */
  readonly path: string;
  /** What is wrong, and the remedy. */
  readonly problem: string;

  constructor(
    path: string,
    problem: string,
    options: { readonly kind?: string; readonly cause?: unknown } = {},
  ) {
    const field = path === '' ? 'the root' : path;
    const where = options.kind === undefined ? field : `${options.kind} ${field}`;
    super('CRD_GENERATION_FAILED', `${where}: ${problem}`, { cause: options.cause });
    this.path = path;
    this.problem = problem;
  }
}
