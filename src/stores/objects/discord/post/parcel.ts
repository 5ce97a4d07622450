/**
 * What is to be posted in one message, and the form it is posted in.
 *
 * @module
 */
import type { Random } from "../../../../core/base/platform.ts";
import type { ObjectBytes } from "../../object-bytes.ts";
import type { Message } from "../api/message.ts";
import type { MessageForm } from "../api/message-form.ts";
import { NONCE_BYTES } from "../content-codec.ts";
import { randomName } from "../dice.ts";

/** A message without the random parts. */
export interface Parcel {
  readonly content: string;
  /** Borrowed until it is posted. */
  readonly files: readonly ObjectBytes[];
  /** 16 bytes: the same parcel again within minutes is posted once. */
  readonly nonce: Uint8Array;
}

/** A parcel of files under a nonce of its own. */
export function newParcel(random: Random, content: string, files: readonly ObjectBytes[]): Parcel {
  const nonce = new Uint8Array(NONCE_BYTES);
  random.fill(nonce);
  return { content, files, nonce };
}

/**
 * The form a parcel is posted in, its files under random names.
 *
 * @param attempt - 0, then 1 more each time the message came out wrong: under the same nonce Discord would answer with
 *   the wrong message again
 */
export function formOf(parcel: Parcel, attempt: number, random: Random): MessageForm {
  const nonce = parcel.nonce.slice();
  nonce[0] = (nonce[0] as number) ^ attempt;
  return {
    content: parcel.content,
    files: parcel.files.map((bytes) => ({ name: `${randomName(random)}.bin`, bytes })),
    nonce: Buffer.from(nonce).toString("base64url"),
    boundary: `${randomName(random)}${randomName(random)}`,
  };
}

/** Whether a message is one that was posted in this form. */
export function isPostOf(message: Message, { content, files }: MessageForm): boolean {
  const names = message.attachments.map(({ filename }) => filename);
  return message.content === content && files.every(({ name }) => names.includes(name));
}

/** Whether all files of a form arrived whole and in order. */
export function isComplete({ attachments }: Message, { files }: MessageForm): boolean {
  return (
    attachments.length === files.length &&
    files.every(({ bytes }, index) => attachments[index]?.size === bytes.length)
  );
}
