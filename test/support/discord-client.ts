/**
 * The plainest client of the Discord API: one request, one answer, no waiting and no second try.
 *
 * @module
 */

/** A file to be sent. */
export interface ClientFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type?: string;
}

/** A request. */
export interface ClientRequest {
  readonly json?: unknown;
  /** Makes the request multipart, the JSON its `payload_json`. */
  readonly files?: readonly ClientFile[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer. */
export interface ClientReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined when the answer is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly json: any;
}

/** A client with a bot's token, or without. */
export class DiscordClient {
  readonly #base: string;
  readonly #token: string | undefined;

  /** @param apiUrl - `http://127.0.0.1:<port>/api` */
  constructor(apiUrl: string, token?: string) {
    this.#base = `${apiUrl}/v10`;
    this.#token = token;
  }

  get(path: string): Promise<ClientReply> {
    return this.send("GET", path);
  }

  delete(path: string): Promise<ClientReply> {
    return this.send("DELETE", path);
  }

  post(path: string, json: unknown, ...files: readonly ClientFile[]): Promise<ClientReply> {
    return this.send("POST", path, { json, files });
  }

  patch(path: string, json: unknown, ...files: readonly ClientFile[]): Promise<ClientReply> {
    return this.send("PATCH", path, { json, files });
  }

  async send(method: string, path: string, request: ClientRequest = {}): Promise<ClientReply> {
    const { body, type } = encode(request);
    const response = await fetch(this.#base + path, {
      method,
      body: body ?? null,
      headers: {
        "user-agent": "DiscordBot (https://dvault.invalid, 1)",
        ...(this.#token === undefined ? {} : { authorization: `Bot ${this.#token}` }),
        ...(type === undefined ? {} : { "content-type": type }),
        ...request.headers,
      },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  }
}

function encode({ json, files = [] }: ClientRequest): { body?: string | FormData; type?: string } {
  if (files.length === 0) {
    return json === undefined ? {} : { body: JSON.stringify(json), type: "application/json" };
  }
  const body = new FormData();
  body.set("payload_json", JSON.stringify(json));
  for (const [index, { name, bytes, type = "application/octet-stream" }] of files.entries()) {
    body.set(`files[${index}]`, new Blob([new Uint8Array(bytes)], { type }), name);
  }
  return { body };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
