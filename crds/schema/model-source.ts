/** Owns what a served entity runs: a model by URI, an external provider's model, or a curated foundation model. */
import * as z from 'zod';
import { atomicList, rules } from './cel.ts';
import { httpUrlSchema } from './http-url.ts';
import { modelTasks, protocols } from './protocol.ts';
import { secretSourceSchema, secretValueSchema } from './references.ts';

/** Schemes that a model may be fetched from (design §3); MLflow's own may leave out the authority: `models:/iris/1`. */
const uriPattern =
  /^((models|runs|mlflow-artifacts):\/|(s3|gs|azure|wasbs|abfss|https|pvc|file|hf|oci):\/\/).+$/;

/** Patterns of a shell over paths below the source, of which `*` crosses slashes. */
const patternsSchema = z.array(z.string().min(1).max(255)).min(1).max(32).meta(atomicList);

const filesSchema = z
  .strictObject({
    include: patternsSchema
      .optional()
      .describe('Only files that match one of these are fetched, e.g. "*Q4_K_M.gguf"; default: all.'),
    exclude: patternsSchema.optional().describe('Files that match one of these are not fetched.'),
  })
  .describe('Which files of the source are fetched.');

export const modelSchema = z
  .strictObject({
    uri: z
      .string()
      .min(4)
      .max(2048)
      .regex(uriPattern)
      .describe(
        'Where the model is: models:/<name>/<version>, models:/<name>@<alias>, runs:/<run>/<path>, mlflow-artifacts:/, s3://, gs://, azure://, wasbs://, abfss://, https://, pvc://, file://, hf:// or oci:// (docs/reference/model-sources.md).',
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
    runtimeVersion: z
      .string()
      .min(1)
      .max(128)
      .regex(/^([A-Za-z0-9_][A-Za-z0-9._-]{0,127}|sha256:[0-9a-f]{64})$/)
      .optional()
      .describe("Tag or digest (sha256:…) that replaces the one of the runtime's image."),
    protocol: z
      .enum(protocols)
      .optional()
      .describe('Protocol that the runtime must speak; default: any that serves the format.'),
    task: z
      .enum(modelTasks)
      .optional()
      .describe(
        "What a language model is asked to do: requests go to the runtime's path for it. Default: the runtime's path for all.",
      ),
    files: filesSchema.optional(),
    credentials: secretSourceSchema
      .optional()
      .describe(
        'A Secret whose keys become environment variables of whoever fetches the model: the fetcher of the runtime, or its server where that fetches by itself.',
      ),
  })
  .meta(
    rules(
      {
        rule: "!self.uri.matches('^https://[^/?#]*@')",
        message:
          'a user in the uri would be seen by everybody who sees the endpoint: put HTTP_USERNAME and HTTP_PASSWORD into the Secret of credentials',
        fieldPath: '.uri',
      },
      {
        rule: "!self.uri.startsWith('pvc:') || self.uri.matches('^pvc://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(/.*)?$')",
        message: 'a model in a volume is pvc://<name of a PersistentVolumeClaim>/<path in it>',
        fieldPath: '.uri',
      },
      {
        rule: "!self.uri.startsWith('pvc:') || !has(self.credentials)",
        message: 'a volume is mounted as it is and needs no credentials: remove them',
        fieldPath: '.credentials',
      },
      {
        rule: "!self.uri.startsWith('pvc:') || !has(self.files)",
        message: 'a volume is mounted as it is: name the directory in the uri, and remove files',
        fieldPath: '.files',
      },
    ),
  )
  .describe('A model that Fairlead deploys.');

const providers = [
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

const openaiSchema = z
  .strictObject({
    apiKey: secretValueSchema.optional().describe('API key, by reference to a Secret.'),
    apiBase: httpUrlSchema.optional().describe('Base URL; default: the public API of the provider.'),
    apiType: z.enum(['openai', 'azure', 'azuread']).optional().describe('Dialect of the API.'),
    apiVersion: z.string().max(63).optional().describe('API version; Azure needs it.'),
    deploymentName: z.string().max(253).optional().describe('Deployment; Azure needs it.'),
    organization: z.string().max(253).optional().describe('Organization that is billed.'),
  })
  .describe('Settings of OpenAI and of Azure OpenAI.');

/** Settings whose fields this version does not check yet. */
const settingsOf = (provider: string) => z.looseObject({}).optional().describe(`Settings of ${provider}.`);

export const externalModelSchema = z
  .strictObject({
    provider: z.enum(providers).describe('Who serves the model.'),
    name: z.string().min(1).max(253).describe("The provider's name of the model."),
    task: z.enum(modelTasks).describe('What the model is asked to do.'),
    openai: openaiSchema.optional(),
    anthropic: z
      .strictObject({
        apiKey: secretValueSchema.describe('API key, by reference to a Secret.'),
        apiBase: httpUrlSchema.optional().describe('Base URL; default: the public API of the provider.'),
      })
      .optional()
      .describe('Settings of Anthropic.'),
    cohere: settingsOf('Cohere'),
    ai21labs: settingsOf('AI21 Labs'),
    amazonBedrock: settingsOf('Amazon Bedrock'),
    googleCloudVertexAi: settingsOf('Google Cloud Vertex AI'),
    databricksModelServing: settingsOf('Databricks Model Serving'),
    palm: settingsOf('PaLM'),
    custom: settingsOf('any provider that speaks the OpenAI API'),
  })
  .describe('A model that a provider outside the cluster serves.');

export const foundationModelSchema = z
  .strictObject({ name: z.string().min(1).max(253).describe('Name of a FoundationModel of the catalogue.') })
  .describe('A curated foundation model.');
