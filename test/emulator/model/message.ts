/**
 * Messages.
 *
 * @module
 */
import type { Attachment } from "./attachment.ts";

/** Types of message that the emulator makes. */
export const MESSAGE_TYPE = { default: 0, pinned: 6 } as const;

/** A message, as its author and Discord know it: readers may see less. */
export interface Message {
  readonly id: string;
  readonly channelId: string;
  readonly type: number;
  readonly author: Author;
  readonly content: string;
  readonly embeds: readonly unknown[];
  readonly attachments: readonly Attachment[];
  readonly flags: number;
  /** Milliseconds since 1970; so are the other times. */
  readonly createdAt: number;
  readonly editedAt: number | undefined;
  readonly pinnedAt: number | undefined;
  /** The message a pin notice speaks of. */
  readonly refersTo: string | undefined;
}

/** Who posted a message: an account, or a webhook under the name it chose for this message. */
export type Author =
  | { readonly kind: "account"; readonly id: string }
  | { readonly kind: "webhook"; readonly id: string; readonly name: string };
