/**
 * An HTTP server on the loopback interface that can be stopped at once.
 *
 * @module
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const HOST = "127.0.0.1";

/** Long enough that a client's pause between two requests does not cost it the connection. */
const KEEP_ALIVE_MS = 60_000;

/** A running server. */
export class LoopbackServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * @param port - 0 for any that is free
   * @param handle - must not reject
   * @throws Error EADDRINUSE when the port is taken
   */
  static async start(
    port: number,
    handle: (message: IncomingMessage, response: ServerResponse) => Promise<void>,
  ): Promise<LoopbackServer> {
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 });
    server.on("request", (message: IncomingMessage, response: ServerResponse) => {
      // Both streams also report a broken connection as an event; `handle` hears of it where it waits.
      message.on("error", () => {});
      response.on("error", () => {});
      void handle(message, response);
    });
    server.listen(port, HOST);
    await once(server, "listening");
    return new LoopbackServer(server);
  }

  /** `http://127.0.0.1:<port>` */
  get origin(): string {
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Stops listening and cuts every connection. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
