/** Owns which suites there are. */
import { runBodiesSuite } from './proxy/bodies/suite.ts';
import { runProxySuite } from './proxy/cpu/suite.ts';
import { runEndpointsSuite } from './proxy/endpoints/suite.ts';
import { runEnduranceSuite } from './proxy/endurance/suite.ts';
import { runLatencySuite } from './proxy/latency/suite.ts';
import { runStreamsSuite } from './proxy/streams/suite.ts';
import { runWakeSuite } from './proxy/wake/suite.ts';
import { runScaleSuite } from './scale/suite.ts';
import type { SuiteReport } from './suite-report.ts';

const requestPath = {
  proxy: runProxySuite,
  latency: runLatencySuite,
  bodies: runBodiesSuite,
  streams: runStreamsSuite,
  endpoints: runEndpointsSuite,
  endurance: runEnduranceSuite,
  wake: runWakeSuite,
};

/** By name. */
export const suites: Readonly<Record<string, () => Promise<SuiteReport>>> = {
  ...requestPath,
  scale: runScaleSuite,
};

/** Those of the request path: what runs where none is named. */
export const requestPathSuites = Object.keys(requestPath);
