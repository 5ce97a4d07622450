/** Target: packs (FORMAT.md §7.4), and the content of their pieces, plain and inflated. */
import { deflateRawSync } from "node:zlib";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import { InflatedBlocks } from "../../../src/core/fs/inflated-blocks.ts";
import { decodePackTable, encodePack } from "../../../src/core/fs/pack.ts";
import { nodeCompressor } from "../../../src/platform/node-compressor.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expect, expectSafe } from "../expect.ts";

const page = { address: 130, generation: 3 };

export const packTarget: FuzzTarget = {
  name: "pack",
  files: ["src/core/fs/pack.ts", "src/core/fs/inflated-blocks.ts"],
  seeds() {
    const plain = Uint8Array.of(1, 2, 3);
    const packed = new Uint8Array(deflateRawSync(new Uint8Array(3000)));
    return [
      encodePack([
        { ino: 2, block: 0, codec: "plain", plainLength: 3, stored: plain },
        { ino: 3, block: 1, codec: "deflate", plainLength: 3000, stored: packed },
      ]),
    ];
  },
  maxLength: 1024,
  bytesPerByte: 4096,
  run(payload) {
    const table = accepted(["RECORD_MALFORMED"], () => decodePackTable(payload));
    for (const entry of table ?? []) {
      const { ino, block, offset, storedLength, plainLength, codec } = entry;
      expectSafe({ ino, block, offset, storedLength, plainLength });
      expect(offset + storedLength <= payload.length, "the piece is in the page");
      if (codec === "plain") continue;
      const piece = { ...entry, ...page, kind: "piece", count: 1 } as const;
      const content = accepted(["PAGE_CORRUPT"], () =>
        new InflatedBlocks(nodeCompressor).get(piece, payload),
      );
      if (content === undefined) continue;
      expect(content.length === plainLength, "content is as long as was said");
      expect(content.length <= PAGE_SIZE, "a block fits a page");
    }
  },
};
