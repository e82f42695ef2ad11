import { describe, expect, it } from 'vitest';
import { parseWrites, writesBetween } from './api-writes.ts';

const metrics = `# TYPE apiserver_request_total counter
apiserver_request_total{code="200",resource="deployments",subresource="",verb="APPLY"} 3
apiserver_request_total{code="201",resource="deployments",subresource="",verb="POST"} 2
apiserver_request_total{code="200",resource="deployments",subresource="scale",verb="PATCH"} 1
apiserver_request_total{code="200",resource="deployments",subresource="",verb="LIST"} 7
apiserver_request_total{code="201",dry_run="All",resource="deployments",subresource="",verb="POST"} 6
apiserver_request_total{code="200",resource="leases",subresource="",verb="PUT"} 40
`;

describe('the writes of an API server', () => {
  it('are summed by resource and subresource; reads, heartbeats and dry runs are not writes', () => {
    expect(Object.fromEntries(parseWrites(metrics))).toEqual({ deployments: 5, 'deployments/scale': 1 });
  });

  it('between two counts leave out what did not change', () => {
    const before = new Map([['deployments', 5]]);
    const after = new Map([
      ['deployments', 5],
      ['services', 2],
    ]);
    expect(writesBetween(before, after)).toEqual({ services: 2 });
  });
});
