/** Owns what a served entity runs: a model by URI, an external provider's model, or a curated foundation model. */
import { z } from 'zod';
import { preserveUnknown, rules } from './cel.ts';
import { secretSourceSchema, secretValueSchema } from './references.ts';

/** URI schemes that a model may be fetched from (design §3). */
export const modelSchemes = [
  'models',
  'runs',
  'mlflow-artifacts',
  's3',
  'gs',
  'wasbs',
  'abfss',
  'https',
  'pvc',
  'file',
  'hf',
  'oci',
] as const;

const uriPattern = new RegExp(`^(${modelSchemes.join('|')}):/.+$`);

export const modelSchema = z
  .strictObject({
    uri: z
      .string()
      .min(4)
      .max(2048)
      .regex(uriPattern)
      .describe(
        'Where the model is: models:/<name>/<version>, models:/<name>@<alias>, runs:/<run>/<path>, mlflow-artifacts:/, s3://, gs://, wasbs://, abfss://, https://, pvc://, file://, hf:// or oci://.',
      ),
    format: z
      .strictObject({
        name: z
          .string()
          .min(1)
          .max(63)
          .describe('Model format, e.g. mlflow; a runtime that supports it is chosen.'),
        version: z.string().min(1).max(63).optional().describe('Version of the format, where it matters.'),
      })
      .default({ name: 'mlflow' })
      .describe('The format of the model.'),
    runtime: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe(
        'Name of a ServingRuntime (this namespace) or ClusterServingRuntime; default: chosen by format.',
      ),
    credentials: secretSourceSchema
      .optional()
      .describe('A Secret whose keys become environment variables of the model fetcher.'),
  })
  .describe('A model that Fairlead deploys.');

export const providers = [
  'ai21labs',
  'anthropic',
  'amazon-bedrock',
  'cohere',
  'databricks-model-serving',
  'google-cloud-vertex-ai',
  'openai',
  'palm',
  'custom',
] as const;

export const externalTasks = ['llm/v1/chat', 'llm/v1/completions', 'llm/v1/embeddings'] as const;

const openaiSchema = z
  .strictObject({
    apiKey: secretValueSchema.optional().describe('API key, by reference to a Secret.'),
    apiBase: z.url().max(2048).optional().describe('Base URL; default: the public API of the provider.'),
    apiType: z.enum(['openai', 'azure', 'azuread']).optional().describe('Dialect of the API.'),
    apiVersion: z.string().max(63).optional().describe('API version; Azure needs it.'),
    deploymentName: z.string().max(253).optional().describe('Deployment; Azure needs it.'),
    organization: z.string().max(253).optional().describe('Organization that is billed.'),
  })
  .describe('Settings of OpenAI and of Azure OpenAI.');

const providerSettings = z.looseObject({}).meta(preserveUnknown).describe('Settings of this provider.');

export const externalModelSchema = z
  .strictObject({
    provider: z.enum(providers).describe('Who serves the model.'),
    name: z.string().min(1).max(253).describe("The provider's name of the model."),
    task: z.enum(externalTasks).describe('What the model is asked to do.'),
    openai: openaiSchema.optional(),
    anthropic: z
      .strictObject({ apiKey: secretValueSchema, apiBase: z.url().max(2048).optional() })
      .optional()
      .describe('Settings of Anthropic.'),
    cohere: providerSettings.optional(),
    ai21labs: providerSettings.optional(),
    amazonBedrock: providerSettings.optional(),
    googleCloudVertexAi: providerSettings.optional(),
    databricksModelServing: providerSettings.optional(),
    palm: providerSettings.optional(),
    custom: providerSettings.optional(),
  })
  .describe('A model that a provider outside the cluster serves.');

export const foundationModelSchema = z
  .strictObject({ name: z.string().min(1).max(253).describe('Name of a FoundationModel of the catalogue.') })
  .describe('A curated foundation model.');

export const exactlyOneModelKind = rules({
  rule: '(has(self.model) ? 1 : 0) + (has(self.externalModel) ? 1 : 0) + (has(self.foundationModel) ? 1 : 0) == 1',
  message: 'exactly one of model, externalModel and foundationModel must be set',
});
