/** Owns what the first hop of a request accounts of it: usage in tokens, and a log of payloads. */
import * as z from 'zod';
import type { ServedEntity } from '../../crds/schema/served-entity.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { publicNameOf } from '../routing/public-name.ts';

/** Part of the configuration that the operator renders for sidecars, which are the first hop of direct callers. */
export const accountingPlanSchema = z.strictObject({
  usage: z.boolean().describe('Somebody wants to know the usage of each request.'),
  usageTable: z.string().optional().describe('Where usage is recorded, as a path.'),
  payloadTable: z.string().optional().describe('Where payloads are logged, as a path.'),
  samplingFraction: z.number().min(0).max(1).describe('Share of the requests whose payload is logged.'),
  lossless: z.boolean().describe('Requests wait while the log of their payload has no room.'),
  languageModels: z
    .array(z.string())
    .describe('Names of the entities whose usage is estimated where nobody tells it.'),
});

export type AccountingPlan = z.output<typeof accountingPlanSchema>;

/** Returns what is accounted of requests for `endpoint`. */
export function planAccounting(endpoint: Pick<ServingEndpoint, 'metadata' | 'spec'>): AccountingPlan {
  const { aiGateway, rateLimits, servedEntities } = endpoint.spec;
  const namespace = endpoint.metadata.namespace ?? '';
  const tracksUsage = aiGateway?.usageTracking?.enabled === true;
  const limitsTokens = rateLimits?.some(({ tokens }) => tokens !== undefined) === true;
  const payloads = planPayloads(namespace, publicNameOf(endpoint), aiGateway?.inferenceTable);
  return {
    usage: tracksUsage || limitsTokens || payloads.payloadTable !== undefined,
    ...(tracksUsage ? { usageTable: pathOf([namespace, 'endpoint_usage']) } : {}),
    ...payloads,
    languageModels: servedEntities.filter(isLanguageModel).map(({ name }) => name),
  };
}

/** Returns what its sidecars account; undefined where requests reach them through the gateway alone. */
export const planSidecarAccounting = (
  endpoint: Pick<ServingEndpoint, 'metadata' | 'spec'>,
): AccountingPlan | undefined => (endpoint.spec.routeOptimized ? planAccounting(endpoint) : undefined);

type InferenceTable = NonNullable<NonNullable<ServingEndpoint['spec']['aiGateway']>['inferenceTable']>;

function planPayloads(
  namespace: string,
  endpoint: string,
  table: InferenceTable | undefined,
): Pick<AccountingPlan, 'payloadTable' | 'samplingFraction' | 'lossless'> {
  if (table?.enabled !== true) return { samplingFraction: 1, lossless: false };
  const { catalogName, schemaName, tableNamePrefix = endpoint } = table;
  return {
    // The names are those that the original gives its tables (rest-contract §5.2).
    payloadTable: pathOf([namespace, catalogName, schemaName, `${tableNamePrefix}_payload`]),
    samplingFraction: table.samplingFraction ?? 1,
    lossless: table.lossless,
  };
}

/** Whether it is asked in one of the ways of language models. */
const isLanguageModel = ({ model, externalModel, foundationModel }: ServedEntity): boolean =>
  foundationModel !== undefined ||
  externalModel !== undefined ||
  model?.task !== undefined ||
  model?.protocol === 'openai';

/** Objects that were stored before the schema bounded names may hold others: a name never leads out of its directory. */
const pathOf = (parts: readonly (string | undefined)[]): string =>
  parts
    .filter((part) => part !== undefined)
    .map((part) => part.replaceAll(/[^A-Za-z0-9_-]/g, '_'))
    .join('/');
