/**
 * Sends objects out over the lanes: over one chosen at random among those whose limits let it, several objects to a
 * message where more wait than lanes are free.
 *
 * Once every lane was held back, requests are what is scarce: until everything has arrived, messages go full. One that
 * is not waits for more to come, but only while others are under way, so the last of them waits for no more than an
 * upload.
 *
 * @module
 */
import { StoreError } from "../../../../core/base/errors.ts";
import type { Random } from "../../../../core/base/platform.ts";
import type { ObjectBytes } from "../../object-bytes.ts";
import type { LaneState } from "../../object-store.ts";
import type { Message } from "../api/message.ts";
import { ATTACHMENTS_MAX } from "../api/message-form.ts";
import type { Pass, RateLimiter } from "../limits/rate-limiter.ts";
import { onAbort } from "../on-abort.ts";
import { RefusedError } from "../rest/refused-error.ts";
import type { Lane } from "./lane.ts";
import { newParcel } from "./parcel.ts";
import type { Poster } from "./poster.ts";
import type { SizeLimits } from "./size-limits.ts";

/** What an outbox works with. */
export interface OutboxParts {
  readonly lanes: readonly Lane[];
  readonly limiter: RateLimiter;
  readonly poster: Poster;
  readonly sizes: SizeLimits;
  readonly random: Random;
  /** Content of messages with data. */
  readonly label: string;
  /** Ends everything. */
  readonly closing: AbortSignal;
}

/** An object that was posted. */
export interface PostedObject {
  readonly message: Message;
  /** Which of its attachments. */
  readonly index: number;
  readonly webhookId: string | undefined;
}

interface Job {
  readonly bytes: ObjectBytes;
  readonly resolve: (posted: PostedObject) => void;
  readonly reject: (error: unknown) => void;
  /** Whether nobody waits for it any more. */
  isDropped: boolean;
  /** Called when nobody waits for it any more. */
  onDrop: () => void;
  /** Whether it goes without others: a message it was in was too large. */
  isAlone: boolean;
}

/** What would go into one message. */
interface Load {
  readonly jobs: readonly Job[];
  /** Whether a usual object would not have fitted any more. */
  readonly isFull: boolean;
}

/** Objects on their way out. */
export class Outbox {
  readonly #parts: OutboxParts;
  #jobs: Job[] = [];
  #isDispatching = false;
  /** Messages under way. */
  #underWay = 0;
  /** Whether every lane was held back since there was last nothing to send. */
  #isScarce = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /**
   * Posts an object, borrowed until the promise ends.
   * @throws StoreError STORE_FULL when it is too large, STORE_DENIED when no lane is open, STORE_DOWN; the signal's
   *   reason
   */
  post(bytes: ObjectBytes, signal?: AbortSignal): Promise<PostedObject> {
    return new Promise((resolve, reject) => {
      const settle = onAbort(signal, () => {
        job.isDropped = true;
        job.onDrop();
        reject(signal?.reason);
      });
      const job: Job = {
        bytes,
        resolve: (posted) => {
          settle();
          resolve(posted);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
        isDropped: false,
        onDrop: () => this.#forget(job),
        isAlone: false,
      };
      this.#jobs.push(job);
      this.#wake();
    });
  }

  /** How each lane is doing. */
  states(): readonly LaneState[] {
    const { lanes, limiter } = this.#parts;
    return lanes.map((lane) => lane.state(limiter.delay(lane.mailbox.gates()) > 0));
  }

  #wake(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    queueMicrotask(() => this.#dispatch());
  }

  /** Gives loads to lanes as their limits let them, until nothing waits. */
  async #dispatch(): Promise<void> {
    const { limiter, closing } = this.#parts;
    try {
      while (this.#jobs.length > 0 && !this.#waitsForMore) {
        const lanes = this.#openLanes();
        const ways = lanes.map(({ mailbox }) => mailbox.gates());
        this.#isScarce ||= ways.every((gates) => limiter.delay(gates) > 0);
        const { index, pass } = await limiter.acquire(ways, closing);
        const lane = lanes[index] as Lane;
        const load = lane.isOpen ? this.#takeLoad() : [];
        if (load.length === 0) pass.end({ kind: "unsent" });
        else void this.#send(lane, load, pass);
      }
    } catch (error) {
      const jobs = this.#jobs;
      this.#jobs = [];
      for (const { reject } of jobs) reject(error);
    } finally {
      this.#isDispatching = false;
    }
  }

  #openLanes(): readonly Lane[] {
    const { lanes } = this.#parts;
    const open = lanes.filter((lane) => lane.isOpen);
    if (open.length > 0) return open;
    const reasons = lanes.map(({ mailbox, failure }) => `${mailbox.name}: ${failure}`);
    const reason = reasons.join("; ") || "the URL of no webhook was given";
    throw new StoreError("STORE_DENIED", `nothing can be posted: ${reason}`);
  }

  /** Whether what waits had better not go yet. */
  get #waitsForMore(): boolean {
    return this.#isScarce && this.#underWay > 0 && !this.#nextLoad().isFull;
  }

  /** What goes into the next message. */
  #takeLoad(): readonly Job[] {
    const { jobs } = this.#nextLoad();
    this.#jobs = this.#jobs.slice(jobs.length);
    return jobs;
  }

  /** The first of what waits, as far as it fits: all of it where requests are scarce, else a fair part. */
  #nextLoad(): Load {
    const { sizes } = this.#parts;
    const most = this.#isScarce ? ATTACHMENTS_MAX : Math.min(this.#fairPart, ATTACHMENTS_MAX);
    const jobs: Job[] = [];
    let room = sizes.messageBytes;
    for (const job of this.#jobs) {
      const isFirst = jobs.length === 0;
      if (!isFirst && (job.isAlone || job.bytes.length > room)) return { jobs, isFull: true };
      if (!isFirst && jobs.length >= most) break;
      jobs.push(job);
      room -= job.bytes.length;
      if (job.isAlone) return { jobs, isFull: true };
    }
    return { jobs, isFull: room < sizes.objectBytes || jobs.length >= ATTACHMENTS_MAX };
  }

  get #fairPart(): number {
    const { lanes, limiter } = this.#parts;
    const free = lanes.filter(
      ({ isOpen, mailbox }) => isOpen && limiter.delay(mailbox.gates()) <= 0,
    );
    return Math.ceil(this.#jobs.length / (free.length + 1));
  }

  /** Posts a load, until nobody waits for any of it. Never rejects: each job hears how it went. */
  async #send(lane: Lane, load: readonly Job[], pass: Pass): Promise<void> {
    const { poster, random, label, closing } = this.#parts;
    const files = load.map(({ bytes }) => bytes);
    const dropped = new AbortController();
    const onDrop = (): void => {
      if (load.every(({ isDropped }) => isDropped)) dropped.abort();
    };
    for (const job of load) job.onDrop = onDrop;
    const stay = onAbort(closing, () => dropped.abort(closing.reason));
    this.#underWay += 1;
    try {
      const options = { pass, signal: dropped.signal };
      const message = await poster.post(lane.mailbox, newParcel(random, label, files), options);
      lane.succeed();
      const { webhookId } = lane.mailbox;
      for (const [index, { resolve }] of load.entries()) resolve({ message, index, webhookId });
    } catch (error) {
      this.#handle(lane, load, error);
    } finally {
      stay();
      this.#underWay -= 1;
      if (this.#underWay === 0 && this.#jobs.length === 0) this.#isScarce = false;
      this.#wake();
    }
  }

  #handle(lane: Lane, load: readonly Job[], error: unknown): void {
    if (lane.fail(error)) {
      this.#sendAgain(load);
      return;
    }
    if (!(error instanceof RefusedError && error.isTooLarge)) {
      for (const { reject } of load) reject(error);
      return;
    }
    const { sizes } = this.#parts;
    const [only, ...others] = load;
    if (only !== undefined && others.length === 0) {
      sizes.refuseObject(only.bytes.length);
      only.reject(error);
      return;
    }
    sizes.refuseMessage(load.reduce((sum, { bytes }) => sum + bytes.length, 0));
    for (const job of load) job.isAlone = true;
    this.#sendAgain(load);
  }

  #sendAgain(load: readonly Job[]): void {
    const wanted = load.filter(({ isDropped }) => !isDropped);
    for (const job of wanted) job.onDrop = () => this.#forget(job);
    this.#jobs = [...wanted, ...this.#jobs];
    this.#wake();
  }

  #forget(job: Job): void {
    this.#jobs = this.#jobs.filter((one) => one !== job);
  }
}
