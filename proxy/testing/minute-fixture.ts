/** Owns keeping tests within one minute of the wall clock. */

/** Waits where a minute is about to end: what a test counts lies within one. */
export async function awayFromTheEndOfAMinute(): Promise<void> {
  const minuteMs = 60_000;
  const left = minuteMs - (Date.now() % minuteMs);
  if (left < 5_000) await new Promise((resolve) => setTimeout(resolve, left + 10));
}
