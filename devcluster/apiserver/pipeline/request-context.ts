/** Owns what a write knows about its request, and what all of the pipeline works on. */
import type { Clock } from '../../../platform/clock.ts';
import type { Manager } from '../apply/managed-fields.ts';
import type { FieldSet } from '../apply/field-set.ts';
import { FieldSet as FieldSets } from '../apply/field-set.ts';
import type { WriteContext } from '../apply/apply.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { Registry } from '../resources/registry.ts';
import type { ResourceType, StrategyContext } from '../resources/resource-type.ts';
import { groupVersionOf } from '../resources/resource-type.ts';
import type { ObjectStore } from '../storage/object-store.ts';

export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface RequestContext {
  readonly user: UserInfo;
  readonly fieldManager: string;
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Texts for the client's person; they leave in `Warning` headers. */
  readonly warnings: string[];
}

/** Checks what spans kinds; may refuse with an ApiError. */
export interface Admission {
  /** Before a new object is validated: may fill the draft in. */
  onCreate(type: ResourceType, draft: KubeObject): void;
  /** Right before a new object is stored, when nobody changes it any more. */
  beforeStored(type: ResourceType, object: KubeObject): void;
}

export interface Core {
  readonly store: ObjectStore;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly admission: Admission;
}

/** Returns a time as object metadata has it: RFC 3339 in whole seconds. */
export const timestamp = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z');

export function strategyContext(core: Core): StrategyContext {
  return {
    now: core.clock.now(),
    lookUp: (storage, namespace, name) => core.store.get(storage, namespace, name),
    listAll: (storage) => core.store.list(storage).items,
  };
}

export function writeContext(
  core: Core,
  type: ResourceType,
  request: RequestContext,
  options: { readonly operation: Manager['operation']; readonly subresource: string | undefined },
): WriteContext {
  const { operation, subresource } = options;
  return {
    schema: type.schema,
    manager: {
      name: request.fieldManager,
      operation,
      apiVersion: groupVersionOf(type),
      ...(subresource === undefined ? {} : { subresource }),
    },
    time: timestamp(core.clock.now()),
    claimable: (fields) => claimable(fields, type, subresource),
  };
}

function claimable(fields: FieldSet, type: ResourceType, subresource: string | undefined): FieldSet {
  const status = FieldSets.of([['f:status']]);
  if (subresource === 'status') {
    return fields.difference(fields.recursiveDifference(status));
  }
  return type.hasStatus ? fields.recursiveDifference(status) : fields;
}
