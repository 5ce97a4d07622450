/**
 * Posts a parcel so that its message is there once and whole, as far as anybody can tell.
 *
 * 1. A post that may have happened is looked for before it is made again.
 * 2. What Discord says it keeps is compared with what was sent; a message that came out wrong is removed and made anew.
 *
 * What is left: a message that appears only after it was looked for. It is referred to by nothing, and removed with the
 * other orphans.
 *
 * @module
 */
import { StoreError } from "../../../../core/base/errors.ts";
import type { Random } from "../../../../core/base/platform.ts";
import type { Message } from "../api/message.ts";
import type { MessageForm } from "../api/message-form.ts";
import type { Pass } from "../limits/rate-limiter.ts";
import { readYoung, type YouthParts } from "../read/read-young.ts";
import { LostError } from "../rest/lost-error.ts";
import type { RestOptions } from "../rest/rest.ts";
import type { Mailbox } from "./mailbox.ts";
import { formOf, isComplete, type Parcel } from "./parcel.ts";

/** What a poster works with. */
export interface PosterParts extends YouthParts {
  readonly random: Random;
  /** Told of every message that was posted. */
  readonly onMessage: (message: Message) => void;
}

/** How a parcel is posted. */
export interface PostOptions {
  readonly signal?: AbortSignal | undefined;
  /** Leave to post, waited for already; taken over. */
  readonly pass?: Pass | undefined;
}

/** Times a parcel is posted: again after it got lost, and again after it came out wrong. */
const POSTS_MAX = 3;

/** Posts parcels. */
export class Poster {
  readonly #parts: PosterParts;

  constructor(parts: PosterParts) {
    this.#parts = parts;
  }

  /**
   * Posts a parcel.
   * @returns the message; its attachments are the parcel's files, in order and of the right sizes
   * @throws RefusedError, LostError; StoreError STORE_FAILED when it comes out wrong each time
   */
  async post(mailbox: Mailbox, parcel: Parcel, options: PostOptions = {}): Promise<Message> {
    const { signal } = options;
    let { pass } = options;
    for (let attempt = 0; attempt < POSTS_MAX; attempt++) {
      const form = formOf(parcel, attempt, this.#parts.random);
      const message = await this.#postOnce(mailbox, form, { signal, pass });
      pass = undefined;
      const whole = await this.#checked(mailbox, message, form, { signal });
      if (whole !== undefined) {
        this.#parts.onMessage(whole);
        return whole;
      }
      await mailbox.remove(message.id, { signal });
    }
    throw new StoreError(
      "STORE_FAILED",
      `discord does not keep what is posted in ${mailbox.name}: the sizes of its attachments are wrong`,
    );
  }

  async #postOnce(mailbox: Mailbox, form: MessageForm, options: RestOptions): Promise<Message> {
    const { signal } = options;
    const startedAt = this.#parts.timing.now();
    for (let posts = 1; ; posts++) {
      try {
        return await mailbox.post(form, posts === 1 ? options : { signal });
      } catch (error) {
        if (!(error instanceof LostError && error.mayHaveHappened)) throw error;
        const found = await mailbox.find(form, this.#serverTime(startedAt), { signal });
        if (found !== undefined) return found;
        if (posts >= POSTS_MAX) throw error;
      }
    }
  }

  /** A moment on Discord's clock, if that is known. */
  #serverTime(moment: number): number | undefined {
    const { clock, timing } = this.#parts;
    return clock.skewMs === undefined ? undefined : clock.now() - (timing.now() - moment);
  }

  /** The message, looked at twice when its answer does not fit; undefined when it really does not. */
  async #checked(
    mailbox: Mailbox,
    message: Message,
    form: MessageForm,
    options: RestOptions,
  ): Promise<Message | undefined> {
    if (isComplete(message, form)) return message;
    const { id } = message;
    const read = (): Promise<Message> => mailbox.read(id, options);
    const again = await readYoung(this.#parts, id, read, options.signal);
    return isComplete(again, form) ? again : undefined;
  }
}
