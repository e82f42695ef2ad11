/** Owns the load that asks for replicas: so many callers, each of whom sends its next request when the last is answered. */
import { query } from '../harness/endpoints.ts';

export interface ClosedLoad {
  /** Returns each answer that was not 200, in words. */
  stop(): Promise<readonly string[]>;
}

/** Starts the callers. */
export function startClosedLoad(endpoint: string, callers: number): ClosedLoad {
  const failed: string[] = [];
  const stopping = new AbortController();
  const call = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const { status, text } = await query(endpoint);
        if (status !== 200) failed.push(`${status} ${text}`);
      } catch (error) {
        failed.push(String(error));
      }
    }
  };
  const all = Array.from({ length: callers }, call);
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(all);
      return failed;
    },
  };
}
