/**
 * One connection with the kernel: requests in, answers out.
 *
 *     starting --INIT--> serving --unmounted, or the device failed--> ended
 *        '-------------- a kernel too old -----------------------------^
 *
 * 1. A request whose answer is there at once is answered within the same callback; others are answered when their promise
 *    ends, in any order.
 * 2. Every inode the kernel learns of through an answer it took is retained once, until it forgets it.
 * 3. No request, however malformed, and no error of the file system ends the process: the one request is answered with
 *    an errno.
 *
 * @module
 */
import { concatBytes } from "../core/base/bytes.ts";
import { DvaultError, FsError, UsageError } from "../core/base/errors.ts";
import { isPending, type MaybePromise } from "../core/base/maybe-promise.ts";
import type { Directory, FileSystem } from "../core/fs/file-system.ts";
import { PIECES_MAX, type RequestChannel } from "../native/fuse-channel.ts";
import { Deferred } from "./deferred.ts";
import { isDying } from "./dying.ts";
import { type PendingRequest, PendingRequests } from "./interrupts.ts";
import { HandleTable } from "./operations/handle-table.ts";
import type { Context } from "./operations/operation.ts";
import { operations } from "./operations/table.ts";
import { type Answer, refused, SILENCE } from "./protocol/answer.ts";
import { encodeBody, piecesOf } from "./protocol/encode-answer.ts";
import { Errno, errnoOf } from "./protocol/errno.ts";
import {
  type Agreement,
  decodeInit,
  isSpoken,
  negotiate,
  PROTOCOL_MAJOR,
  PROTOCOL_MINOR_MIN,
  type Wishes,
} from "./protocol/init.ts";
import { ATTRIBUTES_ONLY, encodeInodeChanged } from "./protocol/notify.ts";
import { OPCODE_END, Opcode, opcodeName } from "./protocol/opcode.ts";
import { Reply } from "./protocol/reply.ts";
import { Request } from "./protocol/request.ts";
import { isByStranger, strangerRefused } from "./strangers.ts";

/** What a session is told at its beginning. */
export interface SessionSettings extends Wishes {
  /** Takes lines about requests that failed for no reason of their caller: codes only. */
  readonly log: (line: string) => void;
  /** Whether a thread is being killed; replaced in tests. */
  readonly isDying?: (pid: number) => Promise<boolean>;
}

/** The request an answer is for. */
type Asked = Pick<PendingRequest, "unique" | "opcode">;

/** Requests that tell of no use: asked by whoever watches the room on disks, or made by the kernel for itself. */
const IDLE_OPCODES: ReadonlySet<number> = new Set([
  ...[Opcode.INIT, Opcode.STATFS, Opcode.FORGET, Opcode.BATCH_FORGET, Opcode.INTERRUPT],
]);

/** Serves a file system over a channel. */
export class Session {
  /** Ends with 0 when the kernel has unmounted, else with a negative errno. */
  readonly ended: Promise<number>;
  readonly #fs: FileSystem;
  readonly #channel: RequestChannel;
  /** Bound, so that V8 does not optimise for one kind of channel what serves another in the end. */
  readonly #write: RequestChannel["send"];
  readonly #settings: SessionSettings;
  readonly #request: Request;
  readonly #reply: Reply;
  readonly #pending: PendingRequests;
  readonly #counts = new Uint32Array(OPCODE_END);
  readonly #ready = new Deferred<Agreement>();
  readonly #end = new Deferred<number>();
  #context: Context | undefined;
  #isOver = false;
  #hasTurnedAway = false;

  constructor(fs: FileSystem, channel: RequestChannel, settings: SessionSettings) {
    this.#fs = fs;
    this.#channel = channel;
    this.#write = channel.send.bind(channel);
    this.#settings = settings;
    this.#request = new Request(channel.request);
    this.#reply = new Reply(channel.reply);
    this.#pending = new PendingRequests({
      giveUp: ({ unique }) => this.#send(unique, refused(Errno.EINTR)),
      isDying: settings.isDying ?? isDying,
    });
    this.ended = this.#end.promise;
  }

  /**
   * Begins to serve.
   * @returns what was agreed on with the kernel, when it has said hello
   * @throws UsageError MOUNT_FAILED when the kernel is too old, or goes before that
   */
  start(): Promise<Agreement> {
    this.#channel.start(
      (length) => this.#receive(length),
      (status) => this.#finish(status),
    );
    return this.#ready.promise;
  }

  /** Whether `ended` has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** How many requests of each kind came so far, by name of the opcode. */
  counts(): Record<string, number> {
    const seen = Array.from(this.#counts.entries()).filter(([, count]) => count > 0);
    return Object.fromEntries(seen.map(([opcode, count]) => [opcodeName(opcode), count]));
  }

  /** How many requests came so far that are a use of the mount. */
  uses(): number {
    const isUse = (opcode: number): boolean => !IDLE_OPCODES.has(opcode);
    return this.#counts.reduce((sum, count, opcode) => (isUse(opcode) ? sum + count : sum), 0);
  }

  /** Stops serving at once; the kernel answers for everything that is left with ENOTCONN. */
  close(): void {
    this.#channel.close();
    this.#finish(0);
  }

  #finish(status: number): void {
    this.#isOver = true;
    this.#pending.close();
    this.#ready.reject(new UsageError("MOUNT_FAILED", "the mount went away before it answered"));
    this.#end.resolve(status);
  }

  #receive(length: number): void {
    const request = this.#request;
    if (!request.load(length)) {
      this.#settings.log("a request without a readable header was dropped");
      return;
    }
    const { opcode, unique, pid } = request;
    if (opcode < OPCODE_END) this.#counts[opcode] = (this.#counts[opcode] ?? 0) + 1;
    const answer = this.#perform(request);
    if (isPending(answer)) this.#answerLater({ unique, opcode, pid }, answer);
    else this.#answer({ unique, opcode }, answer);
  }

  #perform(request: Request): MaybePromise<Answer> {
    try {
      if (request.opcode === Opcode.INTERRUPT) return this.#interrupt(request);
      if (request.opcode === Opcode.INIT) return this.#init(request);
      if (this.#isClosedTo(request)) return refused(Errno.EACCES);
      const operation = operations[request.opcode];
      if (operation === undefined || this.#context === undefined) return refused(Errno.ENOSYS);
      return operation(request, this.#context);
    } catch (error) {
      return this.#refusal(request.opcode, error);
    }
  }

  /** The first one that is turned away is told of, since the error does not say why. */
  #isClosedTo(request: Request): boolean {
    if (this.#settings.permissionChecks !== "needless" || !isByStranger(request)) return false;
    if (!this.#hasTurnedAway) this.#settings.log(strangerRefused(request));
    this.#hasTurnedAway = true;
    return true;
  }

  #answerLater(request: PendingRequest, promise: Promise<Answer>): void {
    this.#pending.add(request);
    const end = (answer: Answer): void => {
      if (this.#pending.settle(request)) this.#answer(request, answer);
      else this.#settle(answer, false);
    };
    void promise.then(end, (error: unknown) => end(this.#refusal(request.opcode, error)));
  }

  #init(request: Request): Answer {
    const offer = decodeInit(request);
    if (offer.major > PROTOCOL_MAJOR)
      return { kind: "init", agreement: negotiate(offer, this.#settings) };
    if (!isSpoken(offer)) {
      const version = `${offer.major}.${offer.minor}`;
      this.#ready.reject(
        new UsageError(
          "MOUNT_FAILED",
          `this kernel speaks FUSE ${version}; ${PROTOCOL_MAJOR}.${PROTOCOL_MINOR_MIN} (Linux 5.4) or newer is needed`,
        ),
      );
      return refused(Errno.EPROTO);
    }
    const agreement = negotiate(offer, this.#settings);
    this.#context = {
      fs: this.#fs,
      directories: new HandleTable<Directory>(),
      agreement,
      expireAttributes: (ino) =>
        this.#channel.send(0, [encodeInodeChanged(ino, ATTRIBUTES_ONLY, 0)]),
    };
    this.#ready.resolve(agreement);
    return { kind: "init", agreement };
  }

  #interrupt(request: Request): Answer {
    this.#pending.interrupt(request.bigU64(0));
    return SILENCE;
  }

  #answer(request: Asked, answer: Answer): void {
    if (answer.kind === "silence") return;
    try {
      this.#settle(answer, this.#send(request.unique, answer) === 0);
    } catch (error) {
      this.#send(request.unique, this.#refusal(request.opcode, error));
    }
  }

  /** @returns 0 or a negative errno, of which -ENOENT says that nobody waits any more */
  #send(unique: bigint, answer: Answer): number {
    const reply = this.#reply;
    reply.begin();
    encodeBody(reply, answer);
    const pieces = piecesOf(answer);
    reply.finish(unique, answer.kind === "refused" ? -answer.errno : 0, lengthOf(pieces));
    const isMany = pieces !== undefined && pieces.length > PIECES_MAX;
    return this.#write(reply.length, isMany ? [concatBytes(...pieces)] : pieces);
  }

  /** Keeps the kernel's references in step with what it took, and drops what it did not. */
  #settle(answer: Answer, isTaken: boolean): void {
    switch (answer.kind) {
      case "entry":
      case "created":
        this.#refer(answer.attributes.ino, isTaken);
        break;
      case "listing":
        for (const ino of answer.entered) this.#refer(ino, isTaken);
        break;
      case "opened":
        if (!isTaken) this.#context?.directories.remove(answer.handle);
        break;
      default:
        break;
    }
  }

  /** An inode without a name that nobody took (O_TMPFILE) must go, so even that one is retained first. */
  #refer(ino: number, isTaken: boolean): void {
    this.#fs.retain(ino);
    if (!isTaken) void this.#forget(ino);
  }

  async #forget(ino: number): Promise<void> {
    try {
      await this.#fs.forget(ino, 1);
    } catch (error) {
      this.#refusal(Opcode.FORGET, error);
    }
  }

  #refusal(opcode: number, error: unknown): Answer {
    const errno = errnoOf(error);
    if (!(error instanceof FsError) || errno === Errno.EIO)
      this.#settings.log(failure(opcode, error));
    return opcode === Opcode.FORGET || opcode === Opcode.BATCH_FORGET ? SILENCE : refused(errno);
  }
}

function lengthOf(pieces: readonly Uint8Array[] | undefined): number {
  let length = 0;
  if (pieces !== undefined) for (const piece of pieces) length += piece.length;
  return length;
}

/** A line for the log: the code, and for a bug the place, but no message, which could hold a name. */
function failure(opcode: number, error: unknown): string {
  if (error instanceof DvaultError) return `${opcodeName(opcode)} failed: ${error.code}`;
  if (!(error instanceof Error)) return `${opcodeName(opcode)} failed: ${typeof error}`;
  const place = error.stack?.split("\n").find((line) => line.startsWith("    at "));
  return `${opcodeName(opcode)} failed: ${error.name}${place === undefined ? "" : place.replace(/^ +/, " ")}`;
}
