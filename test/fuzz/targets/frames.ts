/** Target: frames of pages in objects, looked for and in a commit's attachment (FORMAT.md §8.2, §8.4). */
import { concatBytes } from "../../../src/core/base/bytes.ts";
import { packObject } from "../../../src/stores/segments/format/frame.ts";
import {
  decodeOpeningPages,
  encodeOpeningPages,
} from "../../../src/stores/segments/format/opening-pages.ts";
import { findFrames } from "../../../src/stores/segments/search/find-frames.ts";
import { newTestCodec } from "../../support/test-codec.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { expect, expectSame } from "../expect.ts";

const codec = newTestCodec();

/** Input: an object. Frames in it are made whole again where only their checksum is wrong. */
export const framesTarget: FuzzTarget = {
  name: "frames",
  files: [
    "src/stores/segments/search/find-frames.ts",
    "src/stores/segments/format/opening-pages.ts",
    "src/stores/segments/format/frame.ts",
  ],
  async seeds() {
    const owner = { ino: 0, block: 0 };
    const sealed = (["tree", "root", "key-directory"] as const).map(async (pageClass, n) => {
      const page = {
        pageClass,
        address: 128 + n,
        generation: 3,
        owner,
        payload: new Uint8Array(9),
      };
      return { address: page.address, bytes: await codec.seal(page) };
    });
    const pages = await Promise.all(sealed);
    const { bytes } = packObject(pages);
    return [encodeOpeningPages(pages), bytes, concatBytes(Uint8Array.of(1, 2), bytes)];
  },
  words: ["DVPG"],
  maxLength: 1024,
  run(input) {
    let end = 0;
    for (const { offset, length } of findFrames(input)) {
      expect(offset >= end, "frames do not overlap");
      end = offset + length;
      expect(end < input.length, "frames stand in the object");
    }
    const pages = decodeOpeningPages(input);
    const encoded = encodeOpeningPages(pages);
    expectSame(encoded, input.slice(0, encoded.length));
  },
};
