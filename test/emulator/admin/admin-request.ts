/**
 * Requests to the admin port.
 *
 * @module
 */
import type { Discord } from "../discord.ts";
import type { FaultInjector } from "../faults/fault-injector.ts";

/** What the admin port has power over. */
export interface Controlled {
  readonly discord: Discord;
  readonly faults: FaultInjector;
}

/** A request to the admin port. */
export interface AdminRequest {
  /** What follows the topic in the path. */
  readonly argument: string | undefined;
  /** Empty when there was no body. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A request that makes no sense. */
export class AdminError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
