/** Target: requests of the kernel, through a session and its answers, over a file system of answers that never change. */
import { concatBytes, utf8 } from "../../../src/core/base/bytes.ts";
import { Opcode } from "../../../src/mount/protocol/opcode.ts";
import { Session } from "../../../src/mount/session.ts";
import { FakeChannel } from "../../support/fake-channel.ts";
import { WISHES } from "../../support/staged-session.ts";
import { initBody, name, u32, u64, wireRequest, zeros } from "../../support/wire.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { expect } from "../expect.ts";
import { asPart, Input } from "../input.ts";
import { stillFileSystem } from "./still-file-system.ts";

/** The same for all inputs, since its buffers are large. */
const channel = new FakeChannel();

const REQUESTS_MAX = 16;

/** Bytes of a request's header behind its length. */
const HEAD = 36;

/** Input: requests without their length, each with its length before it; the first may be an INIT. */
export const fuseRequestTarget: FuzzTarget = {
  name: "fuse-request",
  files: [
    "request.ts",
    "init.ts",
    "listing.ts",
    "reply.ts",
    "encode-answer.ts",
    "encode-attributes.ts",
  ].map((file) => `src/mount/protocol/${file}`),
  seeds() {
    const hello = wireRequest({ opcode: Opcode.INIT, body: initBody() });
    return Object.values(Opcode).map((opcode) => {
      const body = [u64(1), u64(0), u32(4096), zeros(24), name("user.a"), name("b")];
      const names = [name("user.a"), name("b"), u64(1), zeros(40)];
      const requests = [hello, ...[body, names].map((part) => wireRequest({ opcode, body: part }))];
      return concatBytes(...requests.map((request) => asPart(request.subarray(4))));
    });
  },
  words: [utf8("system.posix_acl_access"), utf8("security.selinux"), utf8("..")],
  maxLength: 1024,
  async run(bytes) {
    channel.replies.length = 0;
    const lines: string[] = [];
    const session = new Session(stillFileSystem, channel, {
      ...WISHES,
      log: (line) => lines.push(line),
      isDying: async () => false,
    });
    session.start().catch((error: unknown) => {
      if (!(error instanceof Error) || !("code" in error)) throw error;
    });
    for (const request of requestsOf(bytes)) channel.deliver(request);
    await new Promise(setImmediate);
    session.close();
    const bugs = lines.filter((line) => !line.startsWith("a request without"));
    expect(bugs.length === 0, `nothing fails for no reason: ${bugs.join("; ")}`);
    for (const { length, error, unique } of channel.replies) {
      const isNotification = unique === 0n && error > 0;
      expect(
        isNotification || (length >= 16 && error <= 0 && error > -200),
        `a reply of ${length} bytes is one`,
      );
    }
  },
};

/** The requests of an input. */
export function requestsOf(bytes: Uint8Array): Uint8Array[] {
  const input = new Input(bytes);
  const requests: Uint8Array[] = [];
  while (!input.isAtEnd && requests.length < REQUESTS_MAX) requests.push(requestOf(input.part()));
  return requests;
}

/** The request, its length right as the kernel's always is. */
function requestOf(rest: Uint8Array): Uint8Array {
  const whole = rest.length < HEAD ? concatBytes(rest, new Uint8Array(HEAD - rest.length)) : rest;
  return concatBytes(u32(whole.length + 4), whole);
}
