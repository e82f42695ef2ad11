/** Owns the rule that nobody serves what they may not use: Secrets that they may not read, service accounts of others. */
import { messageOf } from '../../platform/errors.ts';
import { exposedReferences } from './exposed-references.ts';
import type { Reference } from './references.ts';
import type { Write } from './review.ts';
import type { MayAccess } from './subject-access.ts';
import { allowed, refusal } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/**
 * Returns the verdict on what a write refers to: 403 for the first reference that its user may not use, 503 where that
 * cannot be found out.
 */
export async function checkAccess(write: Write, mayAccess: MayAccess): Promise<Verdict> {
  const asker: Asker = { write, mayAccess };
  const references = exposedReferences(write);
  const names = new Set(references.map(({ kind, name }) => `${kind}/${name ?? ''}`));
  if (names.size > maxNames) {
    const message = `the write refers to ${names.size} Secrets and service accounts, and ${maxNames} are the most; put what belongs together into one Secret`;
    return refusal(422, message, 'spec');
  }
  try {
    const problems = await Promise.all([
      checkSecrets(
        references.filter(({ kind }) => kind === 'Secret'),
        asker,
      ),
      checkAccounts(
        references.filter(({ kind }) => kind === 'ServiceAccount'),
        asker,
      ),
    ]);
    return problems.find((problem) => problem !== undefined) ?? allowed;
  } catch (error) {
    const message = `it cannot be found out whether you may use the Secrets and service accounts that the spec names, so the write is refused; try again (${messageOf(error)})`;
    return refusal(503, message);
  }
}

/** Each is a question to the API server; nobody has a use for so many. */
const maxNames = 256;

interface Asker {
  readonly write: Write;
  readonly mayAccess: MayAccess;
}

async function checkSecrets(references: readonly Reference[], asker: Asker): Promise<Verdict | undefined> {
  const byName = Map.groupBy(references, ({ name = '' }) => name);
  if (byName.size === 0) return undefined;
  // Who may read all of them is asked about once.
  if (byName.size > 1 && (await may(asker, 'get', 'secrets'))) return undefined;
  const answers = await Promise.all(
    [...byName].map(async ([name, [first]]) =>
      (await may(asker, 'get', 'secrets', name)) ? undefined : first,
    ),
  );
  const denied = answers.find((reference) => reference !== undefined);
  if (denied === undefined) return undefined;
  const message = `${whoIn(asker)} may not read the Secret "${denied.name ?? ''}", and so may not let a model have it; ask for the right to get that Secret, or name another one`;
  return refusal(403, message, denied.field);
}

/** Kubernetes lets whoever may create pods run them as any service account of the namespace; so do we, and no others. */
async function checkAccounts(references: readonly Reference[], asker: Asker): Promise<Verdict | undefined> {
  if (references.length === 0 || (await may(asker, 'create', 'pods'))) return undefined;
  const answers = await Promise.all(
    references.map(async (reference) => {
      const { name } = reference;
      const isTheirs = name !== undefined && (await may(asker, 'impersonate', 'serviceaccounts', name));
      return isTheirs ? undefined : reference;
    }),
  );
  const denied = answers.find((reference) => reference !== undefined);
  if (denied === undefined) return undefined;
  const what =
    denied.name === undefined ? 'the token of a service account' : `the service account "${denied.name}"`;
  const message = `${whoIn(asker)} may not run pods with ${what}; ask for the right to create pods there${denied.name === undefined ? '' : ' or to impersonate that account'}, or leave the field out`;
  return refusal(403, message, denied.field);
}

const may = ({ write, mayAccess }: Asker, verb: string, resource: string, name?: string) =>
  mayAccess(write.user, {
    verb,
    resource,
    namespace: write.namespace,
    ...(name === undefined ? {} : { name }),
  });

const whoIn = ({ write }: Asker): string => `user "${write.user.username}" in namespace "${write.namespace}"`;
