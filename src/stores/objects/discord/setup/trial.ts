/**
 * Posts a file, reads it back by every way the store will use, and removes it again.
 *
 * @module
 */
import { equalBytes } from "../../../../core/base/bytes.ts";
import { StoreError } from "../../../../core/base/errors.ts";
import type { Message } from "../api/message.ts";
import type { DiscordClient } from "../discord-client.ts";
import type { Mailbox } from "../post/mailbox.ts";
import { formOf, isComplete, newParcel } from "../post/parcel.ts";

/** What is said in messages that a trial posts: no record, and no label of a vault. */
const CONTENT = "dvault-doctor";

/** Bytes at the end of a file that are read apart from the rest. */
const TAIL = 1000;

/** Where and with how much a trial is made. */
export interface Trial {
  readonly mailbox: Mailbox;
  /** Size of the file, bytes. */
  readonly bytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a trial.
 * @returns the message, removed already
 * @throws what went wrong, in words: StoreError
 */
export async function tryPosting(client: DiscordClient, trial: Trial): Promise<Message> {
  const { mailbox, signal } = trial;
  const { random } = client.parts;
  const file = new Uint8Array(trial.bytes);
  random.fill(file);
  const form = formOf(newParcel(random, CONTENT, [file]), 0, random);
  const posted = await mailbox.post(form, { signal });
  try {
    if (!isComplete(posted, form)) throw different("the answer to the post");
    const message = await mailbox.read(posted.id, { signal });
    if (!isComplete(message, form)) throw different("the message, read again,");
    await compareFile(client, message, file, signal);
    return message;
  } finally {
    await mailbox.remove(posted.id, { signal });
  }
}

async function compareFile(
  client: DiscordClient,
  { attachments }: Message,
  file: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const url = attachments[0]?.url ?? "";
  const split = Math.max(0, file.length - TAIL);
  for (const [start, end] of [
    [0, file.length],
    [split, file.length],
  ] as const) {
    const into = new Uint8Array(end - start);
    const range = { offset: start, length: into.length };
    const { kind } = await client.cdn.read(url, range, into, signal);
    if (kind === "refused") {
      throw new StoreError("STORE_DENIED", "the CDN refuses a file that was just posted");
    }
    if (!equalBytes(into, file.subarray(start, end)))
      throw different("the file, read from the CDN,");
  }
}

function different(what: string): StoreError {
  return new StoreError("STORE_FAILED", `${what} differs from what was posted`);
}
