/** Owns what the chart lets people set of a process's own configuration: all of its schema but what the chart knows. */
import * as z from 'zod';
import type { JsonValue } from '../../crds/json-schema.ts';
import { apiConfigSchema } from '../../api/config.ts';
import { operatorConfigSchema } from '../../operator/config/operator-config.ts';
import { issuersSchema } from '../../platform/identity/oidc/issuer-config.ts';
import { gatewayConfigSchema } from '../../proxy/gateway/config.ts';
import type { JsonObject } from './read-values.ts';

export interface ProcessConfig {
  /** The value that holds the settings. */
  readonly path: string;
  readonly title: string;
  readonly schema: JsonObject;
}

/** Set by the templates: what they say elsewhere as well (ports, addresses, images), and what a pod knows of itself. */
const setByChart: Readonly<Record<'operator' | 'gateway' | 'api', readonly string[]>> = {
  operator: [
    ...['systemNamespace', 'sidecarImage', 'imagePullPolicy', 'podName', 'podIp', 'bindHost'],
    ...['adminPort', 'demandPort', 'metricsPort', 'webhookPort', 'kubeconfig', 'serviceAccountDir'],
  ],
  gateway: [
    ...['systemNamespace', 'host', 'http', 'port', 'tls', 'tlsPort', 'frontTlsDir', 'adminHost', 'adminPort'],
    ...['tlsDir', 'apiUrl', 'direct', 'directPort', 'directTlsDir', 'dataPlaneKeysFile'],
    ...['kubeconfig', 'serviceAccountDir', 'issuers'],
  ],
  api: [
    ...['systemNamespace', 'trustDomain', 'host', 'port', 'adminPort', 'tlsDir', 'keysDir'],
    ...['kubeconfig', 'serviceAccountDir', 'issuers'],
  ],
};

/** Returns the configurations that values may hold, as draft-07 schemas of what a person writes. */
export function makeProcessConfigs(): ProcessConfig[] {
  return [
    {
      path: 'operator.config',
      title: 'Operator configuration',
      schema: exportOpen(operatorConfigSchema, setByChart.operator),
    },
    {
      path: 'gateway.config',
      title: 'Gateway configuration',
      schema: exportOpen(gatewayConfigSchema, setByChart.gateway),
    },
    {
      path: 'api.config',
      title: 'API configuration',
      schema: exportOpen(apiConfigSchema, setByChart.api),
    },
    { path: 'identity.issuers', title: 'Issuers', schema: exportWhole(issuersSchema) },
  ];
}

/** Refinements are left to the process itself, which says more than a schema can. */
function exportOpen(schema: z.ZodType, hidden: readonly string[]): JsonObject {
  const { properties } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }) as {
    properties: Record<string, JsonValue>;
  };
  const open = Object.entries(properties).filter(([name]) => !hidden.includes(name));
  return { type: 'object', properties: Object.fromEntries(open), additionalProperties: false };
}

function exportWhole(schema: z.ZodType): JsonObject {
  const { $schema: _draft, ...whole } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return whole as JsonObject;
}
