/** Target: URLs of attachments, and ranges that the CDN answers with. */
import { utf8 } from "../../../src/core/base/bytes.ts";
import { decodeContentRange } from "../../../src/stores/objects/discord/read/content-range.ts";
import { readUrlLife } from "../../../src/stores/objects/discord/read/signed-url.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { expect } from "../expect.ts";

export const signedUrlTarget: FuzzTarget = {
  name: "signed-url",
  files: [
    "src/stores/objects/discord/read/content-range.ts",
    "src/stores/objects/discord/read/signed-url.ts",
  ],
  seeds: () =>
    [
      "https://cdn.discordapp.com/attachments/1/2/a?ex=65d&is=65c&hm=ab&",
      "bytes 0-499/1234",
      "bytes 10-20/*",
      "bytes */77",
    ].map(utf8),
  words: ["ex=", "is=", "bytes ", "https://"],
  maxLength: 256,
  run(input) {
    const text = Buffer.from(input).toString("latin1");
    const life = readUrlLife(text);
    if (life !== undefined) {
      expect(life.lengthMs > 0 && Number.isFinite(life.endsAt), "a URL has a life");
    }
    const range = decodeContentRange(text);
    if (range !== undefined)
      expect(range.start >= 0 && !Number.isNaN(range.total), "a range is one");
  },
};
