/** The model of the soak, which must see whatever is lost or mixed up. */
import t from "tap";
import { type Entry, History, type Step, type Tree } from "../../soak/history.ts";

function file(digest: string, links = 1): Entry {
  return { kind: "file", size: 1, digest, links };
}

function step(changes: Readonly<Record<string, Entry | undefined>>): Step {
  return new Map(Object.entries(changes));
}

function tree(entries: Readonly<Record<string, Entry>>): Tree {
  return new Map(Object.entries(entries));
}

/** A history of `a` written three times and then moved, of which two steps are safe locally and one remotely. */
function history(): History {
  const steps = [
    { a: file("1") },
    { a: file("2") },
    { a: file("3") },
    { a: undefined, b: file("3") },
  ];
  const made = new History();
  for (const changes of steps) {
    made.begin(step(changes));
    made.complete();
    if (made.moment === 1) made.promise("remote", 1);
    if (made.moment === 2) made.promise("local", 2);
  }
  return made;
}

t.test(
  "any moment from the newest safe one on will do, and history goes on from there",
  async (t) => {
    t.match(history().settle(tree({ a: file("2") }), "local"), { lostSteps: 2 });
    t.match(history().settle(tree({ a: file("1") }), "remote"), { lostSteps: 3 });
    t.match(history().settle(tree({ b: file("3") }), "local"), {
      lostSteps: 0,
      lostSince: undefined,
    });
    const made = history();
    made.settle(tree({ a: file("2") }), "local");
    t.equal(made.moment, 2);
    made.begin(step({ c: { kind: "directory" } }));
    t.equal(made.moment, 2, "a step counts when its call has returned");
    t.match(made.settle(tree({ a: file("2"), c: { kind: "directory" } }), "local"), {
      lostSteps: 0,
    });
  },
);

t.test("a call may be cut off between its steps, and counts when it has returned", async (t) => {
  const made = history();
  made.begin(step({ b: file("4") }), step({ b: file("5") }));
  t.equal(made.moment, 4);
  t.match(made.settle(tree({ b: file("4") }), "local"), { lostSteps: 1, lostSince: undefined });
  made.begin(step({ b: file("6") }), step({ b: file("7") }));
  made.complete();
  t.equal(made.moment, 7);
  made.promise("local", made.moment);
  t.throws(() => made.settle(tree({ b: file("6") }), "local"), /1 paths differ/);
});

t.test("what was promised to be safe must be there", async (t) => {
  t.throws(() => history().settle(tree({ a: file("1") }), "local"), /1 paths differ/);
  t.throws(() => history().settle(tree({}), "remote"), /a is nothing/);
  const made = history();
  made.settle(tree({ a: file("2") }), "local");
  t.throws(() => made.settle(tree({ a: file("1") }), "local"), "what was found once is safe");
});

t.test("a mixture of moments is none of them", async (t) => {
  const mixtures = [
    { a: file("3"), b: file("3") },
    { a: file("2"), b: file("3") },
    { b: file("2") },
    { b: file("3", 2) },
    { b: { kind: "symlink", target: "a" } as const },
  ];
  for (const mixture of mixtures) {
    t.throws(() => history().settle(tree(mixture), "remote"), /paths differ/);
  }
});
