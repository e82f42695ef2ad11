import { describe, expect, it } from 'vitest';
import { isGrpcPath, parseEndpointPath, parseInvocationPath } from './invocation-path.ts';

const none = undefined;
const accepted: readonly (readonly [string, string | undefined, string, string | undefined])[] = [
  ['/serving-endpoints/wine/invocations', none, 'wine', none],
  ['/serving-endpoints/wine/invocations/', none, 'wine', none],
  ['/serving-endpoints/Wine_prod/invocations', none, 'Wine_prod', none],
  ['/serving-endpoints/chat/invocations', none, 'chat', none],
  ['/namespaces/team-a/serving-endpoints/wine/invocations', 'team-a', 'wine', none],
  ['/serving-endpoints/wine/served-models/wine-1/invocations', none, 'wine', 'wine-1'],
  ['/namespaces/team-a/serving-endpoints/wine/served-models/wine-1/invocations', 'team-a', 'wine', 'wine-1'],
];

const refused = [
  '/',
  '/serving-endpoints/wine',
  '/serving-endpoints//invocations',
  '/serving-endpoints/wine/invocations/more',
  '/serving-endpoints/../secrets/invocations',
  '/serving-endpoints/wine%2Fx/invocations',
  `/serving-endpoints/${'x'.repeat(64)}/invocations`,
  '/namespaces/Team_A/serving-endpoints/wine/invocations',
  '/x/serving-endpoints/wine/invocations',
];

describe('parseInvocationPath', () => {
  it.each(accepted)('%s is understood', (path, namespace, endpoint, servedEntity) => {
    expect(parseInvocationPath(path)).toEqual({ namespace, endpoint, servedEntity });
  });

  it.each(refused)('%s is no path of an endpoint', (path) => {
    expect(parseInvocationPath(path)).toBeUndefined();
  });
});

describe('parseEndpointPath', () => {
  it.each<[path: string, servedEntity: string | undefined]>([
    ['/invocations', none],
    ['/invocations/', none],
    ['/served-models/wine-1/invocations', 'wine-1'],
  ])('%s is understood', (path, servedEntity) => {
    expect(parseEndpointPath(path)).toEqual({ servedEntity });
  });

  it.each(['/', '/served-models//invocations', '/x/invocations', '/invocations/x', '/%69nvocations'])(
    '%s is no path of an endpoint',
    (path) => {
      expect(parseEndpointPath(path)).toBeUndefined();
    },
  );
});

describe('isGrpcPath', () => {
  it.each(['/inference.GRPCInferenceService/ModelInfer', '/Service/Method', '/a.b.c_1/D_2'])(
    '%s is a method',
    (path) => {
      expect(isGrpcPath(path)).toBe(true);
    },
  );

  it.each([
    '/',
    '/Service',
    '/Service/Method/x',
    '/Service/Me-thod',
    '/../Method',
    '//Method',
    '/1/2',
    '/S/M?x',
  ])('%s is none', (path) => {
    expect(isGrpcPath(path)).toBe(false);
  });
});
