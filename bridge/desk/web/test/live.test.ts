import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import type { LiveMessage } from "../src/api/live.ts";
import { backOff, link, LiveChannel } from "../src/state/live.ts";

/** A socket that the test speaks through. */
class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  static opened: FakeSocket[] = [];
  readyState = 1;
  sent: string[] = [];

  constructor(readonly url: string) {
    super();
    FakeSocket.opened.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
    this.dispatchEvent(new Event("close"));
  }

  hear(message: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
  }
}

const page = new EventTarget();
const heard: LiveMessage[] = [];
let mayRetry = true;
let channel: LiveChannel;

const settle = async () => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};
const last = () => FakeSocket.opened.at(-1)!;
const hello = (cursor: string) => ({ type: "notice", id: "h", at: "", data: { code: "hello", cursor } });

beforeEach(() => {
  Object.assign(globalThis, {
    WebSocket: FakeSocket,
    location: { protocol: "https:", host: "desk.example" },
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
  });
  mock.timers.enable({ apis: ["setTimeout"] });
  FakeSocket.opened = [];
  heard.length = 0;
  mayRetry = true;
  channel = new LiveChannel({ onMessage: (each) => heard.push(each), mayRetry: async () => mayRetry });
  channel.open();
});

afterEach(() => {
  channel.close();
  mock.timers.reset();
});

test("it connects without a cursor, and again from the last durable message", async () => {
  assert.equal(last().url, "wss://desk.example/api/v1/live");
  last().hear(hello("40"));
  assert.equal(link.value, "live");
  last().hear({ type: "call", id: "1", at: "", cursor: "42", data: {} });
  last().hear({ type: "screen_pop", id: "2", at: "", data: {} });
  last().close();
  await settle();
  assert.equal(link.value, "lost");
  mock.timers.tick(500);
  assert.equal(last().url, "wss://desk.example/api/v1/live?after=42");
  last().hear(hello("50"));
  last().close();
  await settle();
  mock.timers.tick(500);
  assert.equal(last().url, "wss://desk.example/api/v1/live?after=42", "what came meanwhile is still owed");
});

test("a cursor that is too old is replaced by the one of the notice", async () => {
  last().hear(hello("40"));
  last().hear({ type: "notice", id: "r", at: "", data: { code: "reload", cursor: "90" } });
  last().close();
  await settle();
  mock.timers.tick(500);
  assert.equal(last().url, "wss://desk.example/api/v1/live?after=90");
});

test("a session that is over is not tried again", async () => {
  mayRetry = false;
  last().close();
  await settle();
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.opened.length, 1);
});

test("a network that returns is used at once", async () => {
  last().close();
  await settle();
  page.dispatchEvent(new Event("online"));
  assert.equal(FakeSocket.opened.length, 2);
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.opened.length, 2, "and not once more by the timer");
});

test("nothing is sent on a broken link", () => {
  assert.equal(channel.send({ type: "screen_pop_shown", id: "p" }), true);
  assert.deepEqual(last().sent, ['{"type":"screen_pop_shown","id":"p"}']);
  last().readyState = 3;
  assert.equal(channel.send({ type: "screen_pop_shown", id: "p" }), false);
});

test("attempts come further and further apart, up to a limit, and never all at once", () => {
  assert.equal(backOff(0, 0), 250);
  assert.equal(backOff(0, 1), 500);
  assert.equal(backOff(3, 1), 4_000);
  assert.equal(backOff(30, 1), 15_000);
});
