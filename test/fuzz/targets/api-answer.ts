/** Target: answers of Discord's API: status, headers and a body that should be JSON with messages. */
import { utf8 } from "../../../src/core/base/bytes.ts";
import { decodeMessage, decodeMessages } from "../../../src/stores/objects/discord/api/message.ts";
import type { Headers } from "../../../src/stores/objects/discord/http/wire.ts";
import { readBucket } from "../../../src/stores/objects/discord/limits/rate-headers.ts";
import { readUrlLife } from "../../../src/stores/objects/discord/read/signed-url.ts";
import { sortAnswer } from "../../../src/stores/objects/discord/rest/api-answer.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { expect } from "../expect.ts";
import { Input } from "../input.ts";

const NAMES = [
  "x-ratelimit-bucket",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset-after",
  "x-ratelimit-scope",
  "x-ratelimit-global",
  "retry-after",
];
const MESSAGE = {
  ...{ id: "5", channel_id: "6", type: 0, author: { id: "7" }, webhook_id: null, content: "dv1c:" },
  attachments: [
    { id: "8", filename: "a", size: 9, url: "https://cdn.discordapp.com/x?ex=65d&is=65c&hm=ab&" },
  ],
};

/** Input: status, which headers there are, each with its length, and the body. */
export const apiAnswerTarget: FuzzTarget = {
  name: "api-answer",
  files: [
    "src/stores/objects/discord/rest/api-answer.ts",
    "src/stores/objects/discord/limits/rate-headers.ts",
    "src/stores/objects/discord/api/message.ts",
    "src/stores/objects/discord/api/decode.ts",
    "src/stores/objects/discord/read/signed-url.ts",
  ],
  seeds: () => [
    answer(200, [], JSON.stringify([MESSAGE])),
    answer(200, ["ab", "5", "4", "1.25", "user"], JSON.stringify(MESSAGE)),
    answer(429, ["ab", "5", "0", "1", "shared", "true", "1.5"], '{"retry_after":0.3,"code":0}'),
    answer(404, [], '{"message":"Unknown Message","code":10008}'),
  ],
  words: ['"attachments":[', '"retry_after":', "1e999", "-1", '"url":"', "null", "130000"],
  run(bytes) {
    const input = new Input(bytes);
    const status = input.u16();
    const has = input.u8();
    const values = NAMES.map((_, n) => {
      const isThere = (has & (1 << n)) !== 0;
      return isThere ? Buffer.from(input.shortPart()).toString("latin1") : undefined;
    });
    const headers: Headers = { get: (name) => values[NAMES.indexOf(name)] };
    const sorted = sortAnswer({ status, headers, body: input.rest() });
    if (sorted.kind === "limited") expect(sorted.waitMs >= 250, `${sorted.waitMs} ms is a time`);
    checkBucket(headers);
    if (sorted.kind === "done") checkJson(sorted.json);
  },
};

function answer(status: number, headers: readonly string[], body: string): Uint8Array {
  const parts = headers.flatMap((value) => [value.length, ...utf8(value)]);
  return Uint8Array.of(
    status >> 8,
    status & 0xff,
    2 ** headers.length - 1,
    ...parts,
    ...utf8(body),
  );
}

function checkBucket(headers: Headers): void {
  const bucket = readBucket(headers);
  if (bucket === undefined) return;
  const { limit, remaining, resetAfterMs } = bucket;
  const isRight = limit >= 1 && remaining >= 0 && resetAfterMs >= 0;
  expect(isRight, `${limit}, ${remaining} and ${resetAfterMs} are a limit`);
}

function checkJson(json: unknown): void {
  for (const decode of [decodeMessage, decodeMessages]) {
    try {
      for (const message of [decode(json)].flat()) {
        for (const { url } of message.attachments) checkLife(url);
      }
    } catch (error) {
      // Whoever asks takes any plain error for an answer that is not what it should be.
      if ((error as Error).constructor !== Error) throw error;
    }
  }
}

function checkLife(url: string): void {
  const life = readUrlLife(url);
  if (life !== undefined) expect(life.lengthMs > 0 && life.endsAt > 0, "a URL has a life");
}
