/**
 * What lasts from one request on a connection to the next: its bandwidth in both directions.
 *
 * @module
 */
import type { Socket } from "node:net";
import { Pace } from "./pace.ts";

/** Bandwidth of one connection. */
export interface Connection {
  readonly upload: Pace;
  readonly download: Pace;
}

/** Connections by their sockets. */
export class Connections {
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #bytesPerSecond: () => number;
  readonly #signal: AbortSignal;

  constructor(bytesPerSecond: () => number, signal: AbortSignal) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#signal = signal;
  }

  of(socket: Socket): Connection {
    let connection = this.#connections.get(socket);
    if (!connection) {
      connection = {
        upload: new Pace(this.#bytesPerSecond, this.#signal),
        download: new Pace(this.#bytesPerSecond, this.#signal),
      };
      this.#connections.set(socket, connection);
    }
    return connection;
  }
}
