/** Owns which requests ask for a WebSocket (RFC 6455 §4.1); whatever else asks to switch protocols is answered in HTTP. */
import type { RequestHead } from './request-head.ts';

/** Whether the caller asks for a WebSocket, in a way that no hop can read differently. */
export const asksForWebSocket = (head: RequestHead): boolean =>
  head.upgrade === 'websocket' &&
  head.method === 'GET' &&
  head.minorVersion === 1 &&
  // A body before the switch is where one hop's end of a request is another one's first frame.
  head.contentLength === 0 &&
  head.nominated.includes('upgrade');
