/** Owns what a request's body tells about itself, read as it passes: the length of its texts, and its client's id. */
import { JsonKeys } from './json-keys.ts';
import { JsonScanner } from './json-scanner.ts';
import type { JsonPath, JsonReader } from './json-scanner.ts';
import type { Interest } from './json-string.ts';
import { isRequestText, textNames } from './texts.ts';

const clientRequestId = 'client_request_id';
const names = new JsonKeys([...textNames, clientRequestId]);

export class RequestReader implements JsonReader {
  /** Characters of the texts that the model is to read. */
  characters = 0;
  /** The id that the caller gave the request in its body (rest-contract §3.1). */
  clientRequestId: string | undefined;
  readonly #scanner = new JsonScanner(this, names);

  feed(bytes: Uint8Array): void {
    this.#scanner.feed(bytes);
  }

  interestIn(path: JsonPath): Interest {
    return isClientId(path) ? 'keep' : 'count';
  }

  onString(path: JsonPath, characters: number, text: string | undefined): void {
    if (isClientId(path)) this.clientRequestId = text;
    else if (isRequestText(path)) this.characters += characters;
  }

  wantsNumber(): boolean {
    return false;
  }

  onNumber(): void {
    // None is wanted: numbers are no text.
  }
}

const isClientId = ({ depth, keys }: JsonPath): boolean => depth === 1 && keys[0] === clientRequestId;
