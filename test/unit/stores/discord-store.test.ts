/**
 * The Discord store against the emulator, in good weather.
 *
 * @module
 */
import t from "tap";
import { objectStoreConformance } from "../../conformance/object-store.ts";
import { discordPlace } from "../../support/discord-vault-place.ts";

t.test("what every object store does", async (t) => {
  objectStoreConformance(t, "over channels", () => {
    const place = discordPlace(t, { dataChannels: 2 });
    return { connect: async () => (await place).open() };
  });
  objectStoreConformance(t, "over webhooks", () => {
    const place = discordPlace(t, { dataChannels: 0, webhooks: 2 });
    return { connect: async () => (await place).open() };
  });
});
