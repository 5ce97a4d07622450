/**
 * Finds a good URL for an attachment: from the book, else from its message. A URL that grows old is replaced ahead of
 * time, while it is still used.
 *
 * An attachment is gone only when an authorised read says so: the message answers 404 with code 10008, or it is shown and
 * lacks the attachment.
 *
 * @module
 */
import { StoreError } from "../../../../core/base/errors.ts";
import type { Message } from "../api/message.ts";
import type { ObjectPlace } from "../object-id.ts";
import { RefusedError } from "../rest/refused-error.ts";
import type { MessageReader } from "./message-reader.ts";
import { raceAbort } from "./race-abort.ts";
import { readYoung, type YouthParts } from "./read-young.ts";
import type { UrlBook } from "./url-book.ts";
import type { UrlRefresher } from "./url-refresher.ts";

/** What a finder works with. */
export interface FinderParts extends YouthParts {
  readonly book: UrlBook;
  readonly messages: MessageReader;
  /** Present where the user allowed the undocumented call. */
  readonly refresher: UrlRefresher | undefined;
  /** Ends all searches. */
  readonly closing: AbortSignal;
}

/** Deleted attachments remembered; what is deleted is not waited for as if it were too young. */
const DELETED_KEPT = 10_000;

/** URLs by place. */
export class UrlFinder {
  readonly #parts: FinderParts;
  /** Searches under way, by attachment id. */
  readonly #searches = new Map<string, Promise<string>>();
  readonly #deleted = new Set<string>();

  constructor(parts: FinderParts) {
    this.#parts = parts;
  }

  /**
   * A URL that should be good.
   * @throws StoreError OBJECT_GONE, STORE_DENIED, STORE_DOWN
   */
  locate(place: ObjectPlace, signal?: AbortSignal): Promise<string> {
    const known = this.#parts.book.get(place.attachmentId);
    if (known === undefined) return raceAbort(this.#search(place), signal);
    if (known.isAgeing) this.#search(place).catch(() => undefined);
    return Promise.resolve(known.url);
  }

  /** Another URL, from the message itself, in place of one that the CDN refused. @throws as {@link locate} */
  replace(place: ObjectPlace, refused: string, signal?: AbortSignal): Promise<string> {
    this.#parts.book.forget(place.attachmentId, refused);
    return this.locate(place, signal);
  }

  /** Forgets an attachment that was deleted. */
  forget(attachmentId: string): void {
    this.#parts.book.forget(attachmentId);
    this.#deleted.add(attachmentId);
    const [oldest] = this.#deleted;
    if (this.#deleted.size > DELETED_KEPT && oldest !== undefined) this.#deleted.delete(oldest);
  }

  #search(place: ObjectPlace): Promise<string> {
    const { attachmentId } = place;
    let search = this.#searches.get(attachmentId);
    if (search === undefined) {
      search = this.#find(place).finally(() => this.#searches.delete(attachmentId));
      this.#searches.set(attachmentId, search);
    }
    return search;
  }

  async #find(place: ObjectPlace): Promise<string> {
    const { refresher, book } = this.#parts;
    if (this.#deleted.has(place.attachmentId)) throw gone(place);
    const old = book.peek(place.attachmentId);
    const refreshed = old === undefined ? undefined : await refresher?.refresh(old);
    if (refreshed !== undefined) {
      book.set(place.attachmentId, refreshed);
      return refreshed;
    }
    const { attachments } = await this.#message(place);
    const attachment = attachments.find(({ id }) => id === place.attachmentId);
    if (attachment === undefined) throw gone(place);
    return attachment.url;
  }

  /** The message, waited for while it is too young to be missing for good. */
  async #message(place: ObjectPlace): Promise<Message> {
    const { messages, closing } = this.#parts;
    const { channelId, messageId: id, webhookId } = place;
    const read = (): Promise<Message> => messages.read({ channelId, id }, webhookId);
    try {
      return await readYoung(this.#parts, id, read, closing);
    } catch (error) {
      throw error instanceof RefusedError && error.isMessageGone ? gone(place, error) : error;
    }
  }
}

function gone({ channelId, messageId }: ObjectPlace, cause?: unknown): StoreError {
  return new StoreError(
    "OBJECT_GONE",
    `message ${messageId} of channel ${channelId}, or the attachment of it, was deleted`,
    { cause },
  );
}
