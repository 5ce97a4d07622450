/** Target: what is said over the control socket, in pieces of any length. */
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { answerRequest } from "../../../src/mount/answer-request.ts";
import { readLines } from "../../../src/mount/control-line.ts";
import type { Unpublished } from "../../../src/mount/mount-status.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { expect } from "../expect.ts";

const UNPUBLISHED: Unpublished = { pendingBytes: 0, pendingCommits: 0 };
const RECORD = { name: "a", time: "2026-01-01T00:00:00Z", generation: 1 };
const DONE = { changes: [], isDone: true, isWhole: true };
const CLEANED = { rewritten: 0, movedBytes: 0, deleted: 0, orphans: 0, records: 0, unreadable: 0 };
const ROTATED = { isDone: true, movedPages: 0, lostPages: 0, heldBy: [] };
const work: Parameters<typeof answerRequest>[1] = {
  status: () => {
    throw new Error("nobody looks at it");
  },
  sync: async () => {},
  flush: async () => UNPUBLISHED,
  gc: async () => CLEANED,
  rotate: async () => ROTATED,
  unmount: async () => undefined,
  snapshots: {
    list: async () => [RECORD],
    create: async (name) => {
      expect(typeof name === "string", "a name is a text");
      return RECORD;
    },
    delete: async () => RECORD,
    diff: async () => DONE,
    restore: async (_name, { paths }) => {
      expect(
        paths.every((path) => typeof path === "string"),
        "paths are texts",
      );
      return DONE;
    },
  },
};
const asker = { signal: new AbortController().signal, tell: (): void => {} };

/** Input: length of the pieces, then what comes. */
export const controlRequestTarget: FuzzTarget = {
  name: "control-request",
  files: ["src/mount/answer-request.ts", "src/mount/control-line.ts"],
  seeds: () =>
    [
      '{"request":"status"}\n{"request":"sync"}\n{"request":"flush"}\n{"request":"snapshots"}\n',
      '{"request":"gc","dryRun":true}\n{"request":"unmount","wait":false}\nnull\n5\n',
      '{"request":"create-snapshot","name":"a"}\n{"request":"delete-snapshot","name":{}}\n',
      '{"request":"diff-snapshots","from":"a","to":["b"]}\n{"request":"leave"}\n',
      '{"request":"rotate","change":{"key":"AA","directory":"AA"}}\n{"request":"rotate"}\n',
      '{"request":"restore-snapshot","name":"a","paths":["/a",1],"force":true,"dryRun":false}\n',
    ].map((text) => Uint8Array.of(16, ...utf8(text))),
  words: ['"toString":1', '"__proto__":', '"paths":[', "null", "{}", "\n"],
  maxLength: 1024,
  async run(input) {
    const pieces: Buffer[] = [];
    const size = 1 + (input[0] ?? 0);
    for (let at = 1; at < input.length; at += size) {
      pieces.push(Buffer.from(input.subarray(at, at + size)));
    }
    const stream = Readable.from(pieces, { objectMode: false });
    for await (const line of readLines(stream as unknown as Socket)) {
      const answer = await answerRequest(line, work, asker);
      expect(answer.ok || typeof answer.message === "string", "a refusal says why");
      JSON.parse(JSON.stringify(answer));
    }
  },
};
