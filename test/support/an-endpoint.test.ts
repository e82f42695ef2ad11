/** Owns the tests of the builder of ServingEndpoints. */
import { expect, it } from 'vitest';
import { anEndpoint } from './an-endpoint.ts';

it('builds what the API server would return, defaults filled in', () => {
  const endpoint = anEndpoint('iris').servingModel('models:/iris/1').withScaleToZero('10s').build();

  expect(endpoint.spec.servedEntities).toEqual([
    {
      name: 'iris-1',
      model: { uri: 'models:/iris/1', format: { name: 'mlflow' } },
      workload: { type: 'CPU', scaleToZero: { enabled: true, idleAfter: '10s' }, scaling: {} },
    },
  ]);
});

it('leaves the builder that a step began from as it was', () => {
  const iris = anEndpoint('iris').servingModel('models:/iris/1');
  const both = iris.servingModel('models:/iris/2').withRoutes({ 'iris-1': 90, 'iris-2': 10 });

  expect(iris.build().spec.servedEntities).toHaveLength(1);
  expect(both.build().spec.traffic?.routes).toEqual([
    { servedEntity: 'iris-1', percent: 90 },
    { servedEntity: 'iris-2', percent: 10 },
  ]);
});

it('refuses what the schema refuses', () => {
  expect(() => anEndpoint('iris').build()).toThrow('servedEntities');
});
