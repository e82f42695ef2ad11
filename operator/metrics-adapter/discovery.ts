/** Owns what the metrics API says of itself: discovery in both forms, and OpenAPI v3, as the aggregator asks for them. */
import { concurrencyMetricName } from '../serving-endpoint/resources/make-horizontal-pod-autoscaler.ts';

const group = 'external.metrics.k8s.io';
const version = 'v1beta1';
export const groupVersion = `${group}/${version}`;

const apiGroup = {
  name: group,
  versions: [{ groupVersion, version }],
  preferredVersion: { groupVersion, version },
};

const kind = 'ExternalMetricValueList';

const resourceList = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion,
  resources: [{ name: concurrencyMetricName, singularName: '', namespaced: true, kind, verbs: ['get'] }],
};

/** Everything in one document (KEP-3352): what newer API servers ask for first. */
const aggregated = {
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  metadata: {},
  items: [
    {
      metadata: { name: group },
      versions: [
        {
          version,
          freshness: 'Current',
          resources: [
            {
              resource: concurrencyMetricName,
              responseKind: { group, version, kind },
              scope: 'Namespaced',
              singularResource: '',
              verbs: ['get'],
            },
          ],
        },
      ],
    },
  ],
};

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export interface Document {
  readonly type: string;
  readonly body: unknown;
}

/** Returns the document at a path for whoever accepts `accept`; undefined where there is none. */
export function discoveryAt(path: string, accept: string): Document | undefined {
  if (path === '/apis' && wantsAggregated(accept)) return { type: aggregatedType, body: aggregated };
  const body = plain[path];
  return body === undefined ? undefined : { type: 'application/json', body };
}

const wantsAggregated = (accept: string): boolean =>
  accept
    .split(',')
    .map((type) => type.replaceAll(/\s/g, '').split(';'))
    .some(
      ([type, ...parameters]) =>
        type === 'application/json' &&
        ['g=apidiscovery.k8s.io', 'v=v2', 'as=APIGroupDiscoveryList'].every((one) =>
          parameters.includes(one),
        ),
    );

const openApiPath = `/openapi/v3/apis/${groupVersion}`;
const metricsPath = `/apis/${groupVersion}/namespaces/{namespace}/${concurrencyMetricName}`;
const text = { type: 'string' };
const schemaName = `io.k8s.metrics.pkg.apis.external_metrics.${version}.${kind}`;

const openApi = {
  openapi: '3.0.0',
  info: { title: 'Fairlead external metrics', version: 'v1' },
  paths: {
    [metricsPath]: {
      get: {
        description: 'Concurrency of the Deployments of served entities, summed over their pods.',
        operationId: 'listExternalMetricsV1beta1NamespacedFairleadConcurrency',
        parameters: [
          { name: 'namespace', in: 'path', required: true, schema: text },
          { name: 'labelSelector', in: 'query', schema: text },
        ],
        responses: {
          200: {
            description: 'OK',
            content: { 'application/json': { schema: { $ref: `#/components/schemas/${schemaName}` } } },
          },
        },
        'x-kubernetes-action': 'list',
        'x-kubernetes-group-version-kind': { group, version, kind },
      },
    },
  },
  components: {
    schemas: {
      [schemaName]: {
        type: 'object',
        required: ['items'],
        properties: {
          apiVersion: text,
          kind: text,
          metadata: { type: 'object' },
          items: {
            type: 'array',
            items: {
              type: 'object',
              required: ['metricName', 'metricLabels', 'timestamp', 'value'],
              properties: {
                metricName: text,
                metricLabels: { type: 'object', additionalProperties: text },
                timestamp: { type: 'string', format: 'date-time' },
                windowSeconds: { type: 'integer', format: 'int64' },
                value: text,
              },
            },
          },
        },
        'x-kubernetes-group-version-kind': [{ group, version, kind }],
      },
    },
  },
};

const plain: Readonly<Record<string, unknown>> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [apiGroup] },
  [`/apis/${group}`]: { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup },
  [`/apis/${groupVersion}`]: resourceList,
  '/openapi/v3': { paths: { [`apis/${groupVersion}`]: { serverRelativeURL: openApiPath } } },
  [openApiPath]: openApi,
};
