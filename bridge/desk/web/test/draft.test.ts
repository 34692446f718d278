import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { DraftConflict, Problem } from "../src/api/problem.ts";
import { DraftSaver } from "../src/state/draft.ts";

/** The other side: stores what is newer than what it has, as the server does. */
class Server {
  text = "";
  rev = 0;
  saves: string[] = [];
  isAway = false;

  readonly put = async (text: string, rev: number, keepalive: boolean) => {
    if (this.isAway) throw new Problem(0, "unreachable");
    if (rev <= this.rev) throw new DraftConflict({ text: this.text, rev: this.rev });
    [this.text, this.rev] = [text, rev];
    this.saves.push(keepalive ? `${text} (keepalive)` : text);
    return { text, rev };
  };
}

const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};
const pass = async (milliseconds: number) => {
  mock.timers.tick(milliseconds);
  await settle();
};

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

test("a draft is saved 600 ms after typing pauses, not before", async () => {
  const server = new Server();
  const saver = new DraftSaver(server.put, null);
  saver.type("a");
  await pass(500);
  saver.type("ab");
  await pass(599);
  assert.deepEqual(server.saves, []);
  await pass(1);
  assert.deepEqual(server.saves, ["ab"]);
  assert.equal(saver.status.value, "saved");
});

test("what is typed while a save is under way is saved after it, with a higher rev", async () => {
  const server = new Server();
  const saver = new DraftSaver(server.put, { text: "", rev: 4 });
  saver.type("a");
  const flushed = saver.flush();
  saver.type("ab");
  await flushed;
  assert.deepEqual(server.saves, ["a", "ab"]);
  assert.equal(server.rev, 6);
});

test("leaving the page sends the rest with keepalive, and nothing when all is saved", async () => {
  const server = new Server();
  const saver = new DraftSaver(server.put, null);
  saver.type("a");
  saver.leave();
  await settle();
  assert.deepEqual(server.saves, ["a (keepalive)"]);
  const saved = new DraftSaver(server.put, { text: "b", rev: 1 });
  saved.leave();
  assert.equal(server.saves.length, 1);
});

test("a save that failed is said, and tried again", async () => {
  const server = new Server();
  server.isAway = true;
  const saver = new DraftSaver(server.put, null);
  saver.type("a");
  await pass(600);
  assert.equal(saver.status.value, "failed");
  server.isAway = false;
  await pass(3_000);
  assert.equal(saver.status.value, "saved");
  assert.equal(server.text, "a");
});

for (const keep of ["mine", "theirs"] as const) {
  test(`a conflict waits for the agent, who keeps ${keep}`, async () => {
    const server = new Server();
    const saver = new DraftSaver(server.put, null);
    await server.put("other window", 7, false);
    saver.type("this window");
    await saver.flush();
    assert.equal(saver.status.value, "conflict");
    assert.equal(saver.stored.value?.text, "other window");
    saver.type("this window, on");
    await pass(10_000);
    assert.equal(server.text, "other window");
    await saver.settle(keep);
    assert.equal(server.text, keep === "mine" ? "this window, on" : "other window");
    assert.equal(saver.text.value, server.text);
    assert.equal(saver.status.value, "saved");
  });
}
