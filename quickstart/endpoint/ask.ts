/** Owns the one real request that the quickstart sends, in the words of the `curl` line that it prints. */
import { AppError, messageOf } from '../../platform/errors.ts';

export const irisQuestion = {
  dataframe_split: {
    columns: ['sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'],
    data: [[5.1, 3.5, 1.4, 0.2]],
  },
};

export interface Answer {
  readonly body: string;
  readonly servedModel: string;
}

/**
 * Sends the question to the endpoint and returns what came back.
 *
 * @throws AppError `QUESTION_REFUSED` with the answer's status and body; `GATEWAY_UNREACHABLE`.
 */
export async function ask(url: string, token: string, signal: AbortSignal): Promise<Answer> {
  let response: Response;
  let body: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(irisQuestion),
      signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
    });
    body = await response.text();
  } catch (error) {
    throw new AppError('GATEWAY_UNREACHABLE', `no answer from ${url}: ${messageOf(error)}`, { cause: error });
  }
  if (response.status !== 200) {
    throw new AppError('QUESTION_REFUSED', `${url} answered ${response.status}: ${body}`);
  }
  return { body: body.trim(), servedModel: response.headers.get('served-model-name') ?? '' };
}
