/**
 * Gates for rate limits against servers that count as Discord does, in every way it might.
 *
 * @module
 */
import fc from "fast-check";
import t from "tap";
import { AllowanceGate } from "../../src/stores/objects/discord/limits/allowance-gate.ts";
import { BucketGate } from "../../src/stores/objects/discord/limits/bucket-gate.ts";
import type { ShownBucket } from "../../src/stores/objects/discord/limits/rate-headers.ts";
import { ServerClock } from "../../src/stores/objects/discord/limits/server-clock.ts";

const RUNS = Number(process.env.FC_RUNS ?? 200);

interface Server {
  readonly limit: number;
  readonly windowMs: number;
  /** Whether a request counts when its first byte arrives, or its last. */
  readonly counts: "first" | "last";
  /** Whether headers show the bucket as it was when the request counted, or when it was answered. */
  readonly looks: "then" | "now";
  /** Whether answers have headers; without them the client knows the limit beforehand. */
  readonly shows: boolean;
  /** How far its clock is ahead, if its headers show it, ms. */
  readonly aheadMs: number | undefined;
  /** Longest way, either direction, and longest transfer, ms. */
  readonly latencyMs: number;
  readonly transferMs: number;
}

const anyServer: fc.Arbitrary<Server> = fc.record({
  limit: fc.integer({ min: 1, max: 10 }),
  windowMs: fc.integer({ min: 300, max: 6000 }),
  counts: fc.constantFrom("first", "last"),
  looks: fc.constantFrom("then", "now"),
  shows: fc.boolean(),
  aheadMs: fc.option(fc.integer({ min: -100_000, max: 100_000 }), { nil: undefined }),
  latencyMs: fc.integer({ min: 1, max: 400 }),
  transferMs: fc.integer({ min: 0, max: 4000 }),
});

/** Times of what happens to one request, as parts of the longest. */
interface Request {
  readonly there: number;
  readonly transfer: number;
  readonly back: number;
  /** Whether its answer is lost. */
  readonly isLost: boolean;
}

const anyRequest: fc.Arbitrary<Request> = fc.record({
  there: fc.double({ min: 0, max: 1, noNaN: true }),
  transfer: fc.double({ min: 0, max: 1, noNaN: true }),
  back: fc.double({ min: 0, max: 1, noNaN: true }),
  isLost: fc.boolean(),
});

interface Happening {
  readonly at: number;
  readonly run: () => void;
}

/** Sends requests as fast as a gate lets them, and counts what the server refuses. */
function simulate(
  server: Server,
  requests: readonly Request[],
): { refused: number; sent: number; endedAt: number } {
  const { limit, windowMs, aheadMs } = server;
  const clock = new ServerClock();
  const gate = server.shows ? new BucketGate(1, clock) : new AllowanceGate({ limit, windowMs }, 1);
  const happenings: Happening[] = [];
  let now = 0;
  let used = 0;
  let closesAt = Number.NEGATIVE_INFINITY;
  let refused = 0;
  let sent = 0;
  const later = (ms: number, run: () => void): void => {
    happenings.push({ at: now + ms, run });
  };
  const look = (): ShownBucket => ({
    hash: "",
    limit,
    remaining: now < closesAt ? Math.max(0, limit - used) : limit,
    resetAfterMs: Math.max(0, closesAt - now),
    resetsAtMs: aheadMs === undefined ? undefined : Math.max(now, closesAt) + aheadMs,
  });
  const count = (): ShownBucket => {
    if (now >= closesAt) {
      used = 0;
      closesAt = now + windowMs;
    }
    used += 1;
    if (used > limit) refused += 1;
    return look();
  };
  const send = ({ there, transfer, back, isLost }: Request): void => {
    gate.take(now);
    const sentAt = now;
    later(there * server.latencyMs, () => {
      const early = server.counts === "first" ? count() : undefined;
      later(transfer * server.transferMs, () => {
        const then = early ?? count();
        const shown = server.looks === "then" ? then : look();
        later(back * server.latencyMs, () => {
          if (server.shows && !isLost) clock.learn(sentAt, now, shown);
          gate.ended(now, server.shows && !isLost ? shown : undefined, !isLost);
        });
      });
    });
  };
  for (;;) {
    const next = requests[sent];
    const delay = next === undefined ? Number.POSITIVE_INFINITY : gate.delay(now);
    if (next !== undefined && delay <= 0) {
      sent += 1;
      send(next);
      continue;
    }
    happenings.sort((a, b) => a.at - b.at);
    const [first] = happenings;
    const at = Math.min(now + delay, first?.at ?? Number.POSITIVE_INFINITY);
    if (!Number.isFinite(at)) return { refused, sent, endedAt: now };
    now = at;
    if (first !== undefined && first.at <= now) {
      happenings.shift();
      first.run();
    }
  }
}

t.test("no server refuses a request, and every request is sent", async (t) => {
  const whole = fc.property(
    anyServer,
    fc.array(anyRequest, { minLength: 1, maxLength: 60 }),
    (server, requests) => {
      const calm = requests.map((one) => ({ ...one, isLost: false }));
      const { refused, sent } = simulate(server, calm);
      return refused === 0 && sent === requests.length;
    },
  );
  t.doesNotThrow(() => fc.assert(whole, { numRuns: RUNS }));
});

t.test("lost answers hold nothing up for good", async (t) => {
  const lossy = fc.property(
    anyServer,
    fc.array(anyRequest, { minLength: 1, maxLength: 60 }),
    (server, requests) => simulate(server, requests).sent === requests.length,
  );
  t.doesNotThrow(() => fc.assert(lossy, { numRuns: RUNS }));
});

/** Posts that the server took, of those that it would have taken in the same time. */
function share(server: Server, requests: readonly Request[]): number {
  const { sent, endedAt } = simulate(server, requests);
  return sent / ((endedAt / server.windowMs) * server.limit);
}

const usual: Request = { there: 0.5, transfer: 1, back: 0.5, isLost: false };

const usualServer = { limit: 5, windowMs: 5000, looks: "now", latencyMs: 40 } as const;

t.test("a window is used to the full", async (t) => {
  const requests = Array.from({ length: 100 }, () => usual);
  for (const counts of ["first", "last"] as const) {
    for (const shows of [true, false]) {
      const how = { counts, shows, aheadMs: undefined, transferMs: 300 };
      t.ok(share({ ...usualServer, ...how }, requests) > 0.9);
    }
  }
});

t.test("slow uploads use a window to the full where the server shows its clock", async (t) => {
  const requests = Array.from({ length: 100 }, (_, n) => ({ ...usual, transfer: n % 5 ? 1 : 0 }));
  const how = { counts: "first", looks: "then", shows: true, transferMs: 2000 } as const;
  t.ok(share({ ...usualServer, ...how, aheadMs: 3_600_000 }, requests) > 0.95);
  t.ok(share({ ...usualServer, ...how, aheadMs: undefined }, requests) < 0.8);
});

t.test("a clock that was set anew is believed, and short requests tell it closely", async (t) => {
  const clock = new ServerClock();
  const shown = { hash: "", limit: 5, remaining: 4, resetAfterMs: 1000 };
  t.equal(clock.latest(0), Number.POSITIVE_INFINITY, "nothing is known at first");
  clock.learn(0, 2000, { ...shown, resetsAtMs: 501_000 });
  t.equal(clock.latest(501_000), 3000);
  clock.learn(2000, 2040, { ...shown, resetsAtMs: 502_500 });
  t.equal(clock.latest(502_500), 3040);
  t.equal(clock.latest(501_000), 1540, "what was shown before is known more closely too");
  clock.learn(4000, 4040, { ...shown, resetsAtMs: 77_000 });
  t.equal(clock.latest(77_000), 5040, "it was set back");
  clock.forget();
  t.equal(clock.latest(77_000), Number.POSITIVE_INFINITY);
});
