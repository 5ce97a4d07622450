/**
 * Lists for people and for programs, written as they grow: a directory of any size is listed in bounded memory.
 *
 * @module
 */
import { decodeName } from "../argument-bytes.ts";
import { type Output, writeTo } from "../context.ts";
import { printable } from "./human.ts";

/** Output gathered before it is written, bytes. */
const BATCH = 1 << 16;

/** Takes the entries of a list. */
export interface Listing<Entry> {
  add(entry: Entry): Promise<void>;
  /** Writes what is left. */
  end(): Promise<void>;
}

/** A list as one JSON array, an entry a line. */
export function jsonListing<Entry>(output: Output): Listing<Entry> {
  const writer = new BatchWriter(output);
  let separator = "[\n";
  return {
    add: async (entry) => {
      await writer.write(separator, JSON.stringify(entry));
      separator = ",\n";
    },
    end: async () => {
      await writer.write(separator === "[\n" ? "[]\n" : "\n]\n");
      await writer.flush();
    },
  };
}

/**
 * A list of lines.
 * @param format - the parts of an entry's line; bytes are names, written as they are except on a terminal
 */
export function lineListing<Entry>(
  output: Output,
  format: (entry: Entry) => readonly (string | Uint8Array)[],
): Listing<Entry> {
  const writer = new BatchWriter(output);
  const shown = (part: string | Uint8Array): string | Uint8Array =>
    output.isTTY === true && typeof part !== "string" ? printable(decodeName(part)) : part;
  return {
    add: (entry) => writer.write(...format(entry).map(shown), "\n"),
    end: () => writer.flush(),
  };
}

/** Writes a list that is whole already, as JSON or as lines. */
export async function writeListing<Entry>(
  output: Output,
  entries: readonly Entry[],
  format: "json" | ((entry: Entry) => readonly (string | Uint8Array)[]),
): Promise<void> {
  const listing = format === "json" ? jsonListing<Entry>(output) : lineListing(output, format);
  for (const entry of entries) await listing.add(entry);
  await listing.end();
}

class BatchWriter {
  readonly #output: Output;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  async write(...parts: readonly (string | Uint8Array)[]): Promise<void> {
    for (const part of parts) {
      const bytes = typeof part === "string" ? Buffer.from(part) : part;
      this.#parts.push(bytes);
      this.#length += bytes.length;
    }
    if (this.#length >= BATCH) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#length === 0) return;
    const bytes = Buffer.concat(this.#parts, this.#length);
    this.#parts = [];
    this.#length = 0;
    await writeTo(this.#output, bytes);
  }
}
