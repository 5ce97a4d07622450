/** Target: age files of recipient slots, which anybody can write, and identity files (FORMAT.md §4.1). */
import { utf8 } from "../../../src/core/base/bytes.ts";
import { openRecipientSlot, parseIdentities } from "../../../src/core/crypto/recipient-slot.ts";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import { loadVector } from "../../support/vectors.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { acceptedLater } from "../expect.ts";

interface Vector {
  readonly vaultId: Uint8Array;
  readonly identity: string;
  readonly slots: readonly { readonly id: string; readonly wrapped?: Uint8Array }[];
}

const { vaultId, identity, slots } = loadVector<Vector>("key-directory");
const decrypter = await parseIdentities(new SecretBytes(utf8(identity)));
const [id, wrapped] = slots.flatMap((slot, n) => (n === 2 ? [slot.id, slot.wrapped] : []));

export const recipientSlotTarget: FuzzTarget = {
  name: "recipient-slot",
  files: ["src/core/crypto/recipient-slot.ts"],
  shortRun: 100,
  seeds: () => [wrapped as Uint8Array, utf8(`# an identity\n${identity}\n`)],
  words: ["AGE-SECRET-KEY-1", "-> X25519 ", "--- ", "age-encryption.org/v1\n"],
  maxLength: 1024,
  async run(input) {
    await openRecipientSlot(vaultId, { id: id as string, wrapped: input.slice() }, decrypter);
    await acceptedLater(["USAGE"], () => parseIdentities(new SecretBytes(input)));
  },
};
