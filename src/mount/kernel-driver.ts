/**
 * Reaches the kernel through our own shim: `/dev/fuse` without libfuse.
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import type { FileSystem } from "../core/fs/file-system.ts";
import type { ChannelCounters, FuseChannel } from "../native/fuse-channel.ts";
import { shim } from "../native/load.ts";
import { connect } from "./connect.ts";
import { limitCpuLatency } from "./cpu-latency.ts";
import type { Driver, Mount, MountOptions, Notifier } from "./driver.ts";
import { mountAt } from "./mount-table.ts";
import { tellChannel } from "./own-answers.ts";
import { permissionChecks } from "./permission-checks.ts";
import { MAX_TRANSFER } from "./protocol/init.ts";
import {
  ATTRIBUTES_ONLY,
  encodeEntryChanged,
  encodeEntryRemoved,
  encodeInodeChanged,
} from "./protocol/notify.ts";
import { Session } from "./session.ts";
import { unmountPath } from "./unmount.ts";

/** The driver of Linux. */
export const kernelDriver: Driver = { name: "kernel", mount: mountThroughShim };

/**
 * Mounts through the shim.
 * @throws UsageError MOUNT_FAILED
 */
async function mountThroughShim(
  fs: FileSystem,
  mountpoint: string,
  options: MountOptions,
): Promise<KernelMount> {
  const { FuseChannel } = shim();
  const readOnly = options.readOnly === true || fs.readOnly;
  const checks = permissionChecks(options);
  const channel = new FuseChannel(
    await connect(mountpoint, { ...options, readOnly, permissionChecks: checks }),
  );
  const session = new Session(fs, channel, {
    writebackCache: options.writebackCache ?? false,
    permissionChecks: checks,
    log: options.log ?? (() => {}),
  });
  try {
    await session.start();
    limitCpuLatency(channel, options.cpuLatency ?? "auto");
  } catch (error) {
    session.close();
    await unmountPath(mountpoint, "detach");
    throw error;
  }
  if (checks === "needless") channel.serveRoot();
  tellChannel(fs, channel);
  await widenReadahead(mountpoint);
  return new KernelMount(mountpoint, session, channel);
}

/** A mount through the shim, with what tests and tuning look at. */
export class KernelMount implements Mount {
  readonly mountpoint: string;
  readonly driver: string = kernelDriver.name;
  readonly ended: Promise<number>;
  readonly notifier: Notifier;
  readonly #session: Session;
  readonly #channel: FuseChannel;

  constructor(mountpoint: string, session: Session, channel: FuseChannel) {
    this.mountpoint = mountpoint;
    this.ended = session.ended;
    this.notifier = notifierOf(channel);
    this.#session = session;
    this.#channel = channel;
  }

  async unmount(): Promise<void> {
    if (this.#session.isOver) return;
    try {
      await unmountPath(this.mountpoint, "clean");
    } catch (error) {
      if (!this.#session.isOver) throw error;
    }
    await this.ended;
  }

  async detach(): Promise<void> {
    if (this.#session.isOver) return;
    await unmountPath(this.mountpoint, "detach");
    this.#session.close();
  }

  uses(): number {
    return this.#session.uses() + this.#channel.counters().direct;
  }

  /** Requests so far, by name of the opcode. */
  requestCounts(): Record<string, number> {
    return this.#session.counts();
  }

  /** How the channel served so far. */
  channelCounters(): ChannelCounters {
    return this.#channel.counters();
  }
}

/** Reads ahead by as much as one request may hold; the kernel's default is 128 KiB, and only root may change it. */
async function widenReadahead(mountpoint: string): Promise<void> {
  const entry = await mountAt(mountpoint);
  if (entry === undefined) return;
  try {
    await writeFile(`/sys/class/bdi/${entry.device}/read_ahead_kb`, String(MAX_TRANSFER / 1024));
  } catch {
    // An ordinary user's mount keeps the default.
  }
}

function notifierOf(channel: FuseChannel): Notifier {
  const notify = async (bytes: Uint8Array): Promise<void> => {
    await channel.notify(bytes);
  };
  return {
    inode: (ino, offset = ATTRIBUTES_ONLY, length = 0) =>
      notify(encodeInodeChanged(ino, offset, length)),
    entry: (parent, name) => notify(encodeEntryChanged(parent, name)),
    removed: (parent, child, name) => notify(encodeEntryRemoved(parent, child, name)),
  };
}
