/** Owns the text form of Kubernetes' MicroTime: the API server refuses any number of fractional digits but six. */

/** Returns epoch milliseconds as `2026-11-23T06:00:00.123000Z`. */
export const microTimeOf = (epochMs: number): string => new Date(epochMs).toISOString().replace(/Z$/, '000Z');
