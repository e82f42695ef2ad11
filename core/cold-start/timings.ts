/** Owns how durations are told in a header, in the form of Server-Timing (W3C): `total;dur=4210, load;dur=3100`. */

export type Timing = readonly [name: string, milliseconds: number];

/** Returns the value of a header, in whole milliseconds. */
export const formatTimings = (timings: readonly Timing[]): string =>
  timings.map(([name, milliseconds]) => `${name};dur=${Math.round(milliseconds)}`).join(', ');

const entry = /^([a-z][a-z-]{0,31});dur=([0-9]{1,12}(?:\.[0-9]{1,6})?)$/;
/** More than anybody of ours tells. */
const maxEntries = 16;

/** Returns the durations that a header tells, in milliseconds; what it says in another form is left out. */
export function parseTimings(value: string | undefined): ReadonlyMap<string, number> {
  const timings = new Map<string, number>();
  for (const part of (value ?? '').split(',', maxEntries)) {
    const [, name, milliseconds] = entry.exec(part.trim()) ?? [];
    if (name !== undefined) timings.set(name, Number(milliseconds));
  }
  return timings;
}
