import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import t from "tap";
import { Opcode } from "../../../src/mount/protocol/opcode.ts";
import { Session } from "../../../src/mount/session.ts";
import type { FuseChannel } from "../../../src/native/fuse-channel.ts";
import { shim } from "../../../src/native/load.ts";
import { loadCorpus } from "../../fuzz/engine/corpus-files.ts";
import { requestsOf } from "../../fuzz/targets/fuse-request.ts";
import { stillFileSystem } from "../../fuzz/targets/still-file-system.ts";
import { WISHES } from "../../support/staged-session.ts";
import { name, u32, wireRequest } from "../../support/wire.ts";

/** A channel over a socket: what one end writes comes as one request, what the channel sends can be read there. */
function newChannel(): { channel: FuseChannel; kernel: number } {
  const pair = shim().socketpair();
  if (typeof pair === "number") throw new Error("no socket pair");
  const { FuseChannel } = shim();
  return { channel: new FuseChannel(pair[0]), kernel: pair[1] };
}

t.test("requests come in and replies go out", async (t) => {
  const { channel, kernel } = newChannel();
  const seen = await new Promise<string>((resolve) => {
    channel.start(
      (length) => resolve(Buffer.from(channel.request.subarray(0, length)).toString()),
      () => {},
    );
    writeSync(kernel, "request");
  });
  t.equal(seen, "request");
  channel.reply.set(Buffer.from("head"));
  t.equal(channel.send(4, [Buffer.from(" and"), new Uint8Array(0), Buffer.from(" pieces")]), 0);
  t.equal(channel.send(2), 0);
  const room = Buffer.alloc(100);
  t.equal(room.toString("latin1", 0, readSync(kernel, room)), "head and pieceshe");
  t.match(channel.counters(), { requests: 1, wakeups: 1 });
  channel.close();
  channel.close();
  t.equal(channel.send(4), -9, "EBADF after closing");
  t.equal(await channel.notify(Buffer.from("x")), -9);
  closeSync(kernel);
});

t.test("requests of any bytes go through a session over the shim", async (t) => {
  const { channel, kernel } = newChannel();
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const session = new Session(stillFileSystem, channel, { ...WISHES, log });
  session.start().catch(() => undefined);
  const socket = new Socket({ fd: kernel });
  let answered = 0;
  socket.on("data", (replies) => {
    answered += replies.length;
  });
  for (const input of loadCorpus(resolve("."), "fuse-request")) {
    for (const request of requestsOf(input)) {
      await new Promise((written) => socket.write(request, written));
      await nextTurn();
    }
  }
  t.ok(answered > 0);
  t.same(
    lines.filter((line) => !line.startsWith("a request without")),
    [],
  );
  session.close();
  socket.destroy();
});

t.test("the end is told once", async (t) => {
  const { channel, kernel } = newChannel();
  const status = new Promise<number>((resolve) => channel.start(() => {}, resolve));
  closeSync(kernel);
  t.equal(await status, 0);
});

t.test("a channel that is closed while it serves delivers nothing more", async (t) => {
  const { channel, kernel } = newChannel();
  let count = 0;
  await new Promise<void>((resolve) => {
    channel.start(
      () => {
        count += 1;
        channel.close();
        setImmediate(resolve);
      },
      () => t.fail("the end is not told to the one who made it"),
    );
    writeSync(kernel, "first");
  });
  t.equal(count, 1);
  closeSync(kernel);
});

t.test("notifications are written on another thread", async (t) => {
  const { channel, kernel } = newChannel();
  t.equal(await channel.notify(Buffer.from("told")), 0);
  const room = Buffer.alloc(10);
  t.equal(room.toString("latin1", 0, readSync(kernel, room)), "told");
  channel.close();
  closeSync(kernel);
});

t.test("misuse is refused with an exception", async (t) => {
  const { channel, kernel } = newChannel();
  t.throws(() => channel.send(-1));
  t.throws(() => channel.send(channel.reply.length + 1));
  t.throws(() => channel.send(0, ["x"] as unknown as Uint8Array[]));
  t.throws(() => channel.send(0, [new Uint32Array(1)] as unknown as Uint8Array[]));
  t.throws(() =>
    channel.send(
      0,
      Array.from({ length: 1024 }, () => new Uint8Array(1)),
    ),
  );
  t.throws(() => channel.start(undefined as unknown as () => void, () => {}));
  t.throws(() => {
    (channel as { request: Uint8Array }).request = new Uint8Array(1);
  }, "its buffers are fixed");
  channel.close();
  t.throws(
    () =>
      channel.start(
        () => {},
        () => {},
      ),
    "closed before",
  );
  // The tests may run from a FUSE mount, whose files can be polled.
  const file = openSync("/etc/passwd", "r");
  const unpollable = new (shim().FuseChannel)(file);
  t.throws(
    () =>
      unpollable.start(
        () => {},
        () => {},
      ),
    { message: /cannot be polled/ },
  );
  unpollable.close();
  closeSync(kernel);
});

t.test("inodes without extended attributes are answered for without script", async (t) => {
  const { channel, kernel } = newChannel();
  const socket = new Socket({ fd: kernel });
  let settle: (answer: number | undefined) => void = () => {};
  socket.on("data", (reply) => settle(reply.readInt32LE(4)));
  channel.start(
    () => settle(undefined),
    () => {},
  );
  const ask = (ino: number, attribute: string, uid = 0): Promise<number | undefined> =>
    new Promise((resolve) => {
      settle = resolve;
      const body = [u32(0), u32(0), name(attribute)];
      socket.write(wireRequest({ opcode: Opcode.GETXATTR, ino, uid, body }));
    });
  const capability = "security.capability";
  t.equal(await ask(5, capability), undefined, "nothing is known");
  channel.setBare(5, true);
  for (const common of [capability, "system.posix_acl_access", "system.posix_acl_default"]) {
    t.equal(await ask(5, common), -61, common);
  }
  t.equal(await ask(5, "user.x"), undefined, "another attribute");
  t.equal(await ask(5, `${capability}s`), undefined, "a longer name");
  t.equal(await ask(5, ""), undefined, "no name");
  t.equal(await ask(6, capability), undefined, "another inode");
  t.equal(await ask(5 + 2 ** 20, capability), undefined, "one at the same place");
  t.equal(await ask(5, capability, 1000), -61, "anybody");
  channel.serveRoot();
  t.equal(await ask(5, capability, 1000), undefined, "somebody else than root");
  t.equal(await ask(5, capability), -61);
  channel.setBare(5 + 2 ** 20, true);
  t.equal(await ask(5, capability), undefined, "its place was taken");
  t.equal(await ask(5 + 2 ** 20, capability), -61);
  channel.setBare(5 + 2 ** 20, false);
  t.equal(await ask(5 + 2 ** 20, capability), undefined);
  channel.setBare(7, true);
  channel.forgetBare();
  t.equal(await ask(7, capability), undefined);
  t.equal(channel.counters().direct, 6);
  channel.close();
  socket.destroy();
});
