/**
 * What a fault does to a request on its way through the emulator. The parts are applied in the order in which they
 * stand here; of several faults, the one that was added first comes first.
 *
 * @module
 */
import type { Discord } from "../discord.ts";
import type { Delivery } from "../http/deliver.ts";
import type { HttpRequest } from "../http/http-request.ts";
import type { Reply } from "../http/reply.ts";

/** Parts of a request's way that a fault changes. */
export interface Effect {
  /** Where the connection is reset while the request is read. */
  readonly tears?: "arrival" | "upload";
  /** What is handled in place of the request. */
  readonly rewrite?: (request: HttpRequest) => HttpRequest;
  /** Something that happens just before the request is handled. */
  readonly event?: (request: HttpRequest, discord: Discord) => void | Promise<void>;
  /** Answers in place of handling the request; undefined handles it after all. */
  readonly instead?: (request: HttpRequest) => Reply | undefined;
  /** Changes the answer. */
  readonly alter?: (reply: Reply, request: HttpRequest, discord: Discord) => Reply | Promise<Reply>;
  /** Changes how the answer is sent. */
  readonly delivery?: Partial<Delivery>;
}
