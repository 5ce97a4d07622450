/**
 * Runs command lines inside a test, on real vault files, with a home of their own.
 *
 * @module
 */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { commandTable } from "../../src/cli/command-table.ts";
import { runCli } from "../../src/cli/program.ts";
import { type TestContext, testContext } from "./cli-context.ts";

/** What a command line did. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly outBytes: Buffer;
}

/** A home directory with an age identity, which opens vaults without the cost of a password. */
export class CommandLine {
  readonly home: string;
  /** Options that open a vault. */
  readonly key: readonly string[];
  readonly recipient: string;

  private constructor(home: string, recipient: string) {
    this.home = home;
    this.recipient = recipient;
    this.key = ["--identity", join(home, "identity")];
  }

  /** @param home - an empty directory */
  static async start(home: string): Promise<CommandLine> {
    const identity = await generateIdentity();
    writeFileSync(join(home, "identity"), `# for tests\n${identity}\n`);
    chmodSync(join(home, "identity"), 0o600);
    return new CommandLine(home, await identityToRecipient(identity));
  }

  /** Runs a line with the environment's home and `env`. */
  async run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    return this.runIn(testContext({ HOME: this.home, ...env }), args);
  }

  async runIn(context: TestContext, args: readonly string[]): Promise<Outcome> {
    const code = await runCli(args, context, commandTable);
    return { code, out: context.out(), err: context.err(), outBytes: context.outBytes() };
  }

  /** Runs a command on a vault, opened by the identity; throws when it fails. */
  async ok(command: string, ...operands: readonly string[]): Promise<string> {
    const { code, out, err } = await this.open(command, ...operands);
    if (code !== 0) throw new Error(`${command} ${operands.join(" ")}: ${code} ${err}`);
    return out;
  }

  /** Runs a command on a vault, opened by the identity. */
  open(command: string, ...operands: readonly string[]): Promise<Outcome> {
    return this.run([...command.split(" "), ...this.key, "--", ...operands]);
  }
}
