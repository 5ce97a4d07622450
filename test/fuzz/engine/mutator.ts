/**
 * Makes inputs out of inputs, in the ways that AFL and libFuzzer have shown to lead on.
 *
 * @module
 */
import { utf8 } from "../../../src/core/base/bytes.ts";
import { probes } from "./probes.ts";

/** Most mutations put on one another. */
const STACK_MAX = 5;

/** Longest part that is inserted, erased or copied at once, mostly. */
const PART_MAX = 64;

const NUMBERS: readonly number[] = [
  ...[0, 1, 2, 3, 4, 8, 16, 32, 64, 100, 127, 128, 255, 256, 512, 1000, 1024, 4096],
  ...[32_767, 32_768, 65_535, 65_536, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1],
  ...[2 ** 47, 2 ** 48 - 1, 2 ** 53 - 1, 2 ** 53, 2 ** 63],
];
const WIDTHS = [1, 2, 3, 4, 6, 8];

/** What a mutator is made of. */
export interface MutatorParts {
  /** Numbers from 0 to 1. */
  readonly random: () => number;
  readonly words: readonly Uint8Array[];
  readonly maxLength: number;
}

export class Mutator {
  readonly #random: () => number;
  readonly #words: readonly Uint8Array[];
  readonly #maxLength: number;
  readonly #room: Uint8Array;
  /** Ways to change an input that is not empty; what stands here twice is done twice as often. */
  readonly #ways: readonly (() => void)[];
  #length = 0;
  #other: Uint8Array = new Uint8Array(0);

  constructor({ random, words, maxLength }: MutatorParts) {
    this.#random = random;
    this.#words = words;
    this.#maxLength = maxLength;
    this.#room = new Uint8Array(maxLength);
    this.#ways = [
      () => this.#flip(),
      () => this.#set(this.below(this.#length), this.below(256)),
      () => this.#add(),
      () => this.#putNumber(this.#oneOf(NUMBERS)),
      () => this.#putNumber(Math.max(0, this.#length - this.below(PART_MAX))),
      () => this.#erase(this.below(this.#length), this.#partLength()),
      () => this.#cut(),
      () => this.#insertRandom(),
      () => this.#copyWithin(),
      () => this.#takeFrom(this.#other),
      () => this.#word(),
      () => this.#digit(),
      () => this.#followComparison(),
      () => this.#followComparison(),
    ];
  }

  /** A whole number from 0 to `end - 1`. */
  below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  /**
   * A changed copy.
   * @param base - borrowed
   * @param other - an input that parts may come from; borrowed
   */
  mutate(base: Uint8Array, other: Uint8Array): Uint8Array {
    this.#length = Math.min(base.length, this.#maxLength);
    this.#room.set(base.subarray(0, this.#length));
    for (let left = 1 + this.below(STACK_MAX); left > 0; left--) this.#mutateOnce(other);
    return this.#room.slice(0, this.#length);
  }

  #mutateOnce(other: Uint8Array): void {
    this.#other = other;
    if (this.#length === 0) this.#insertRandom();
    else this.#oneOf(this.#ways)();
  }

  #flip(): void {
    const at = this.below(this.#length);
    this.#set(at, (this.#room[at] as number) ^ (1 << this.below(8)));
  }

  #set(at: number, byte: number): void {
    this.#room[at] = byte;
  }

  /** Changes a number somewhere by a little. */
  #add(): void {
    const width = this.#oneOf(WIDTHS);
    const at = this.below(this.#length);
    if (at + width > this.#length) return;
    const isLittle = this.below(2) === 0;
    let carry = this.below(70) - 35;
    for (let n = 0; n < width; n++) {
      const place = isLittle ? at + n : at + width - 1 - n;
      const sum = (this.#room[place] as number) + carry;
      this.#set(place, sum);
      carry = Math.floor(sum / 256);
    }
  }

  #putNumber(number: number): void {
    const bytes = encodeNumber(number, this.#oneOf(WIDTHS), this.below(2) === 0);
    this.#overwrite(this.below(this.#length), bytes);
  }

  #cut(): void {
    this.#length = this.below(this.#length + 1);
  }

  #insertRandom(): void {
    const isSame = this.below(2) === 0;
    const byte = this.below(256);
    const part = new Uint8Array(this.#partLength());
    for (let i = 0; i < part.length; i++) part[i] = isSame ? byte : this.below(256);
    this.#insert(this.below(this.#length + 1), part);
  }

  #copyWithin(): void {
    const from = this.below(this.#length);
    this.#place(this.#room.slice(from, Math.min(this.#length, from + this.#partLength())));
  }

  #takeFrom(other: Uint8Array): void {
    if (other.length === 0) return;
    const from = this.below(other.length);
    const length = this.below(3) === 0 ? other.length : this.#partLength();
    this.#place(other.subarray(from, from + length));
  }

  #word(): void {
    if (this.#words.length > 0) this.#place(this.#oneOf(this.#words));
    else this.#flip();
  }

  /** Another number where digits stand. */
  #digit(): void {
    const at = this.below(this.#length);
    const digit = this.#room
      .subarray(at, this.#length)
      .findIndex((byte) => byte >= 48 && byte < 58);
    if (digit >= 0) this.#set(at + digit, 48 + this.below(10));
    else this.#flip();
  }

  /** Puts what a decoder compared something of the input with in its place. */
  #followComparison(): void {
    if (probes.pairs === 0) {
      this.#flip();
      return;
    }
    const pair = probes.pair(this.below(probes.pairs));
    const [found, wanted] = this.below(2) === 0 ? pair : [pair[1], pair[0]];
    if (typeof found === "string" || typeof wanted === "string") {
      this.#replace(utf8(String(found)), utf8(String(wanted)));
      return;
    }
    const width = this.#oneOf(WIDTHS);
    const isLittle = this.below(2) === 0;
    const change = this.below(4) === 0 ? this.below(3) - 1 : 0;
    this.#replace(
      encodeNumber(found, width, isLittle),
      encodeNumber(wanted + change, width, isLittle),
    );
  }

  #replace(found: Uint8Array, wanted: Uint8Array): void {
    const from = this.below(this.#length);
    const at = this.#find(found, from) ?? this.#find(found, 0);
    if (at === undefined) return;
    if (found.length === wanted.length) {
      this.#overwrite(at, wanted);
      return;
    }
    this.#erase(at, found.length);
    this.#insert(at, wanted);
  }

  #find(part: Uint8Array, from: number): number | undefined {
    for (let at = from; part.length > 0 && at + part.length <= this.#length; at++) {
      let n = 0;
      while (n < part.length && this.#room[at + n] === part[n]) n++;
      if (n === part.length) return at;
    }
    return undefined;
  }

  #place(part: Uint8Array): void {
    const at = this.below(this.#length + 1);
    if (this.below(2) === 0) this.#insert(at, part);
    else this.#overwrite(at, part);
  }

  #overwrite(at: number, part: Uint8Array): void {
    this.#room.set(part.subarray(0, Math.max(0, this.#length - at)), at);
  }

  #insert(at: number, part: Uint8Array): void {
    const fitting = part.slice(0, this.#maxLength - this.#length);
    this.#room.copyWithin(at + fitting.length, at, this.#length);
    this.#room.set(fitting, at);
    this.#length += fitting.length;
  }

  #erase(at: number, length: number): void {
    const end = Math.min(this.#length, at + length);
    this.#room.copyWithin(at, end, this.#length);
    this.#length -= end - at;
  }

  #partLength(): number {
    return 1 + this.below(this.below(4) === 0 ? PART_MAX : 8);
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

function encodeNumber(number: number, width: number, isLittle: boolean): Uint8Array {
  const bytes = new Uint8Array(width);
  let rest = Math.abs(Math.trunc(number));
  for (let n = 0; n < width; n++) {
    bytes[isLittle ? n : width - 1 - n] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}
