/**
 * `dvault key rotate`: puts a new vault key in the place of the old one and seals everything anew, which shuts out whoever
 * had a key that was removed.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import type { NewKeys } from "../../core/crypto/new-keys.ts";
import type { Credentials } from "../../core/crypto/unlock.ts";
import type { Vault } from "../../core/vault/vault.ts";
import type { Asker, KeyChange, RotationResult } from "../../mount/control-messages.ts";
import { listMounts, requestRotation } from "../../mount/registry.ts";
import { type Command, defineCommand } from "../command.ts";
import { type CliContext, warn, writeTo } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { findVault } from "../find-vault.ts";
import { type OpeningChoice, openingOptions } from "../opening-options.ts";
import { counted } from "../output/human.ts";
import { obtainCredentials, PASSWORD_NOTE, wipeCredentials } from "../password/sources.ts";
import { type PublishChoice, publishOptions, visibly } from "../publish.ts";
import { chooseNewKeys, type NewKeysChoice, newKeysOptions } from "../rotation/choose-new-keys.ts";
import { encodeKeyChange } from "../rotation/key-change.ts";
import { renewVault } from "../rotation/renew-vault.ts";
import { readVault, writeVault } from "../vault-access.ts";
import { findWorkTarget, type WorkTarget } from "../work-target.ts";

/** Changes the vault key. */
export const keyRotateCommand: Command = defineCommand({
  names: ["rotate"],
  summary: "Seal a vault anew under another vault key, to shut out keys that were removed",
  usage: "[mountpoint|vault]",
  operands: [0, 1],
  options: {
    ...newKeysOptions,
    json: { type: "boolean", default: false, describe: "Print an object" },
    ...publishOptions,
    ...openingOptions,
  },
  examples: [
    ["dvault key rotate work", "after key remove: its holder cannot read what comes now"],
    ["dvault key rotate ~/vault", "the same for a vault that is mounted; work on it goes on"],
  ],
  notes: `What is written from now on needs the new key at once; the rest is written anew, which may be stopped at any time and goes on with the next mount or key rotate. Snapshots are not sealed anew: the old key stays until those made before are deleted, and they are told. Needs room for about as much as snapshots share with the vault. Ends with 15 when pages in use do not open. JSON: vault, isDone, movedPages, lostPages, heldBy, dropped. ${PASSWORD_NOTE}`,
  async run(context, { operands: [text = ""], options }) {
    const target = await findWorkTarget(context, text);
    const credentials = await obtainCredentials(context, options, target.label);
    try {
      const rotation = new Rotation(context, credentials, options);
      return target.kind === "mount" ? await rotation.onMount(target) : await rotation.here(text);
    } finally {
      wipeCredentials(credentials);
    }
  },
});

type Choice = OpeningChoice & PublishChoice & NewKeysChoice & { readonly json: boolean };

/** One run of the command. */
class Rotation {
  readonly #context: CliContext;
  readonly #credentials: Credentials;
  readonly #choice: Choice;

  constructor(context: CliContext, credentials: Credentials, choice: Choice) {
    this.#context = context;
    this.#credentials = credentials;
    this.#choice = choice;
  }

  /** Lets the process that has the vault mounted do it. */
  async onMount({ mountpoint }: Extract<WorkTarget, { kind: "mount" }>): Promise<ExitCode> {
    const mounts = await listMounts();
    const vault = mounts.find((mount) => mount.mountpoint === mountpoint)?.vault ?? "";
    let change: KeyChange | undefined;
    let keys: NewKeys | undefined;
    const access = { vault, opening: this.#choice, credentials: this.#credentials };
    await readVault(this.#context, access, async (open) => {
      keys = await this.#newKeys(open.vault);
      if (keys === undefined) return undefined;
      change = await encodeKeyChange(open.vault.keys.secret, keys);
      keys.vaultKey.wipe();
      return undefined;
    });
    const renew = (asker: Asker): Promise<RotationResult> =>
      requestRotation(mountpoint, change, asker);
    const result = await visibly(this.#context, renew).catch((error: unknown) => {
      if (keys !== undefined && isMountLost(error)) this.#tellUnknown();
      throw error;
    });
    return this.#report(vault, result, keys);
  }

  /** Does it in this process. */
  async here(text: string): Promise<ExitCode> {
    const vault = text.replace(/:$/, "");
    const publication = this.#choice;
    const access = { vault, opening: this.#choice, credentials: this.#credentials, publication };
    return writeVault(this.#context, access, async (open) => {
      const keys = await this.#newKeys(open.vault);
      if (keys !== undefined) await open.vault.keys.replaceVaultKey(keys.vaultKey, keys.slots);
      const renew = (asker: Asker): Promise<RotationResult> =>
        renewVault({
          open,
          signal: asker.signal,
          onProgress: (renewing) =>
            asker.tell({ pendingBytes: 0, pendingCommits: 0, limitedMs: 0, renewing }),
        });
      try {
        const result = await visibly(this.#context, renew);
        return await this.#report(open.place.key, result, keys);
      } catch (error) {
        this.#tellUnfinished();
        throw error;
      }
    });
  }

  /** The keys to come; undefined when an earlier change is not finished yet. */
  #newKeys(vault: Vault): Promise<NewKeys | undefined> {
    if (vault.keys.older.some(({ doneAt }) => doneAt === 0)) {
      warn(
        this.#context,
        "the vault key was changed before, and pages of the old one are left: going on with them",
      );
      return Promise.resolve(undefined);
    }
    return chooseNewKeys(this.#context, vault, this.#credentials, this.#choice);
  }

  #tellUnknown(): void {
    const help = "dvault key rotate goes on with it, or begins anew";
    warn(this.#context, `the vault may have its new key, or not: ${help}`);
  }

  #tellUnfinished(): void {
    const rest = "what is left is written anew by the next mount, or key rotate";
    warn(this.#context, `the vault has its new key; ${rest}`);
  }

  async #report(
    vault: string,
    result: RotationResult,
    keys: NewKeys | undefined,
  ): Promise<ExitCode> {
    const { isDone, movedPages, lostPages, heldBy } = result;
    const dropped = keys?.dropped.map(({ id }) => id) ?? [];
    const { label } = findVault(this.#context, vault);
    const line = this.#choice.json
      ? JSON.stringify({ vault, ...result, dropped })
      : `${label}: ${counted(movedPages, "page")} written anew under the new key`;
    await writeTo(this.#context.stdout, `${line}\n`);
    if (heldBy.length > 0) {
      warn(
        this.#context,
        `the old key is kept for snapshots made before: ${heldBy.join(", ")}; it goes when they are deleted`,
      );
    }
    if (lostPages > 0) {
      warn(
        this.#context,
        `${counted(lostPages, "page")} in use could not be opened, and so not be sealed under the new key: run dvault check --read-data, delete what is hurt, and rotate again`,
      );
      return ExitCode.damaged;
    }
    if (isDone) return ExitCode.done;
    this.#tellUnfinished();
    throw new UsageError("CANCELLED", "stopped");
  }
}

function isMountLost(error: unknown): boolean {
  return error instanceof UsageError && error.code === "MOUNT_FAILED";
}
