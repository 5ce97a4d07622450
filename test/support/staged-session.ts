/**
 * A session whose kernel is a test.
 *
 * @module
 */
import type { Test } from "tap";
import type { FileSystem } from "../../src/core/fs/file-system.ts";
import type { Wishes } from "../../src/mount/protocol/init.ts";
import { Opcode } from "../../src/mount/protocol/opcode.ts";
import { Session, type SessionSettings } from "../../src/mount/session.ts";
import { FakeChannel, type TakenReply } from "./fake-channel.ts";
import { MemoryFileSystem } from "./memory-file-system.ts";
import { initBody, type WireRequest, wireRequest } from "./wire.ts";

/** A session with a kernel that is played by the test. */
export interface Stage {
  readonly fs: MemoryFileSystem;
  readonly channel: FakeChannel;
  readonly session: Session;
  readonly log: string[];
  /** Sends a request and takes the reply that comes at once. */
  ask(request: WireRequest): TakenReply;
  /** Sends a request that gets no reply at once. */
  tell(request: WireRequest): void;
}

/** What sessions of tests wish for. */
export const WISHES: Wishes = { writebackCache: false, permissionChecks: "kernel" };

/** A session that has said hello; `overrides` stand before the memory file system. */
export async function stage(
  t: Test,
  overrides: Partial<FileSystem> = {},
  settings: Partial<SessionSettings> = {},
): Promise<Stage> {
  const fs = Object.assign(new MemoryFileSystem(), overrides);
  const channel = new FakeChannel();
  const log: string[] = [];
  const session = new Session(fs, channel, {
    ...WISHES,
    log: (line) => log.push(line),
    ...settings,
  });
  const ready = session.start();
  channel.deliver(wireRequest({ opcode: Opcode.INIT, body: initBody() }));
  await ready;
  t.teardown(() => session.close());
  return {
    fs,
    channel,
    session,
    log,
    ask: (request) => {
      const reply = channel.deliver(wireRequest(request));
      if (reply === undefined) throw new Error("no reply");
      return reply;
    },
    tell: (request) => {
      t.equal(channel.deliver(wireRequest(request)), undefined, "no reply yet");
    },
  };
}

/** Lets everything that can go on go on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
