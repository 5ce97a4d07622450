import type { FuseChannel } from "../../src/native/fuse-channel.ts";
import { shim } from "../../src/native/load.ts";

/** A channel over a socket: what one end writes comes as one request, what the channel sends can be read there. */
export function newChannel(): { channel: FuseChannel; kernel: number } {
  const pair = shim().socketpair();
  if (typeof pair === "number") throw new Error("no socket pair");
  const { FuseChannel } = shim();
  return { channel: new FuseChannel(pair[0]), kernel: pair[1] };
}
