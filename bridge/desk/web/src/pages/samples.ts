// Invented people and calls for the page that shows the components. Names and texts are data, in the languages that
// callers speak; nothing here is from anybody's home.
import type { CallSummary, Utterance } from "../api/call.ts";
import type { Candidate, Customer } from "../api/customer.ts";
import type { Entry } from "../api/entry.ts";
import type { Order } from "../api/order.ts";

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

export const customer: Customer = {
  id: "sample-1",
  kind: "person",
  name: "Олена Ковальчук",
  language: "uk",
  vip: true,
  comment: "Prefers to be called after 10:00",
  external_id: "C-1042",
  sample: true,
  leaves: ["sample-1"],
  identities: [
    { kind: "phone", address: "+380501234567", scope: "", strength: "claimed" },
    { kind: "email", address: "olena.k@sample.example", scope: "", strength: "proven" },
  ],
  belongs_to: [],
};

export const candidates: Candidate[] = [
  {
    id: "sample-2",
    kind: "person",
    name: "Тарас Бондар",
    role: "director",
    extension: "12",
    last_at: minutesAgo(60 * 26),
    last_channel: "email",
    clue: null,
  },
  {
    id: "sample-3",
    kind: "person",
    name: "Ірина Бондар",
    role: "accountant",
    extension: null,
    last_at: null,
    last_channel: null,
    clue: null,
  },
];

const order = (id: number, status: Order["status"], total: number, minutes: number): Order => ({
  id: `order-${id}`,
  shop: "",
  order: `#${20_480 + id}`,
  status,
  at: minutesAgo(minutes),
  total,
  currency: "UAH",
  items: [{ sku: "KT-17", name: "Чайник Aurora 1,7 л", quantity: 1, price: total }],
  url: null,
  delivery: null,
});

export const orders: Order[] = [
  order(1, "unpaid", 129_900, 18),
  order(2, "paid", 54_000, 60 * 30),
  order(3, "abandoned", 249_950, 60 * 52),
  order(4, "delivered", 89_900, 60 * 24 * 40),
];

const entry = (id: number, fields: Partial<Entry> & Pick<Entry, "kind" | "at">): Entry => ({
  id: `entry-${id}`,
  customer_id: customer.id,
  channel: null,
  direction: null,
  author: "",
  text: "",
  source: "sample",
  source_key: String(id),
  call_id: null,
  conversation_id: null,
  replaces_id: null,
  replaced_by: null,
  redacted: false,
  delivery: null,
  payload: {},
  ...fields,
});

export const utterances: Utterance[] = [
  {
    speaker: "caller",
    start_ms: 0,
    end_ms: 400,
    text: "де посилка",
    words: [
      { text: "де", start_ms: 0, end_ms: 150, confidence: 1 },
      { text: "посилка", start_ms: 150, end_ms: 400, confidence: 0.4 },
    ],
  },
  {
    speaker: "agent",
    start_ms: 500,
    end_ms: 900,
    text: "прийде завтра",
    words: [
      { text: "прийде", start_ms: 500, end_ms: 700, confidence: 0.98 },
      { text: "завтра", start_ms: 700, end_ms: 900, confidence: 0.97 },
    ],
  },
];

export const entries: Entry[] = [
  entry(1, {
    kind: "call",
    channel: "phone",
    direction: "inbound",
    at: minutesAgo(9),
    call_id: "sample-call",
    payload: {
      direction: "inbound",
      outcome: "answered",
      duration_ms: 192_000,
      answered_by: "Андрій Мельник",
      queue: "support",
      recording: true,
    },
  }),
  entry(2, {
    kind: "note",
    author: "Андрій Мельник",
    at: minutesAgo(7),
    text: "Доставку перенесено на четвер після 18:00, кур'єр попереджений.",
    payload: { disposition: "resolved" },
  }),
  entry(10, {
    kind: "transcript",
    channel: "phone",
    direction: "inbound",
    at: minutesAgo(8),
    call_id: "sample-call",
    text: "Абонент: де посилка",
    payload: { utterances },
  }),
  entry(3, {
    kind: "message",
    channel: "email",
    direction: "inbound",
    author: "olena.k@sample.example",
    at: minutesAgo(95),
    text: "Добрий день! Чи можна змінити час доставки?",
    payload: {
      subject: "Замовлення #20481",
      quoted: "> Ваше замовлення прийнято.",
      attachments: [{ id: "a1", name: "рахунок.pdf", media_type: "application/pdf", size: 184_320 }],
    },
  }),
  entry(4, {
    kind: "order",
    channel: "shop",
    at: minutesAgo(60 * 26),
    payload: { order: "#20481", status: "unpaid", total: 129_900, currency: "UAH", items: orders[0]!.items },
  }),
  entry(5, {
    kind: "message",
    channel: "chat",
    direction: "outbound",
    author: "Марія",
    at: minutesAgo(60 * 27),
    text: "Товар є в наявності, можемо надіслати сьогодні.",
  }),
  entry(6, {
    kind: "call",
    channel: "phone",
    direction: "inbound",
    at: minutesAgo(60 * 29),
    payload: { direction: "inbound", outcome: "abandoned", queue: "sales" },
  }),
  entry(7, {
    kind: "message",
    channel: "phone",
    direction: "inbound",
    at: minutesAgo(60 * 30),
    payload: { subtype: "voicemail" },
  }),
  entry(8, {
    kind: "gap",
    at: minutesAgo(60 * 50),
    payload: { since: minutesAgo(60 * 50), until: minutesAgo(60 * 49) },
  }),
  entry(9, {
    kind: "message",
    channel: "sms",
    direction: "inbound",
    at: minutesAgo(60 * 70),
    redacted: true,
  }),
];

const call = (id: number, fields: Partial<CallSummary>): CallSummary => ({
  id: `call-${id}`,
  pbx: "main",
  linkedid: String(id),
  direction: "inbound",
  caller: "+380501234567",
  dialled: "+380445550100",
  customer_id: customer.id,
  customer_name: customer.name,
  queue: "support",
  state: "ended",
  outcome: "answered",
  started_at: minutesAgo(id * 17),
  answered_at: minutesAgo(id * 17),
  ended_at: minutesAgo(id * 17 - 3),
  answered_by: "Андрій Мельник",
  owner_id: null,
  owner: null,
  handled_at: null,
  ...fields,
});

export const calls: CallSummary[] = [
  call(1, { state: "open", outcome: null, answered_at: null, ended_at: null }),
  call(2, {}),
  call(3, { customer_name: null, caller: "", outcome: "abandoned", answered_at: null }),
  call(4, { customer_name: null, outcome: "voicemail", answered_at: null, direction: "inbound" }),
  call(5, { direction: "outbound", dialled: "+48221234567" }),
];

/** One second of near silence: a WAV of 8 kHz, stereo, 16 bit, built here so that the player has something real. */
export function silence(): string {
  const samples = 8_000;
  const view = new DataView(new ArrayBuffer(44 + samples * 4));
  const text = (at: number, value: string) =>
    [...value].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + samples * 4, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 2, true);
  view.setUint32(24, 8_000, true);
  view.setUint32(28, 32_000, true);
  view.setUint16(32, 4, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples * 4, true);
  return URL.createObjectURL(new Blob([view.buffer], { type: "audio/wav" }));
}
