/** Owns the operator that demand is reported to, for tests: a real HTTPS server on loopback that keeps what it hears. */
import { createServer } from 'node:https';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { demandReportSchema } from '../../core/scaling/demand-report.ts';
import type { DemandReport } from '../../core/scaling/demand-report.ts';
import { readBody } from './model-server-fixture.ts';
import type { Pki } from './pki-fixture.ts';

export interface ReportedTo {
  readonly url: string;
  readonly reports: DemandReport[];
  /** Called after each report; default: answers 204. */
  answer: (response: ServerResponse) => void;
  stop(): void;
}

export async function startReportedTo(pki: Pki, identity: string): Promise<ReportedTo> {
  const { cert, key, ca } = await pki.material(identity);
  const reports: DemandReport[] = [];
  const server = createServer({ cert, key, ca, requestCert: true }, (request, response) => {
    void readBody(request).then((body) => {
      reports.push(demandReportSchema.parse(JSON.parse(body)));
      operator.answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const operator: ReportedTo = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/v1/demand`,
    reports,
    answer: (response) => response.writeHead(204).end(),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return operator;
}
