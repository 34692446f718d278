// The desk's own line icons, on a grid of 20. They decorate: the words beside them, or the label of their button, speak.
import type { ComponentChildren } from "preact";

const SHAPES = {
  phone:
    "M6.2 3.2 4.4 4.1c-.9.5-1.3 1.5-1.1 2.5 1.1 5 5 8.9 10.1 10.1 1 .2 2-.2 2.5-1.1l.9-1.8-3.4-2.3-1.6 1.3a11 11 0 0 1-4.6-4.6l1.3-1.6z",
  email: "M3 5h14v10H3z M3.3 5.5 10 11l6.7-5.5",
  chat: "M4 4h12v9H9l-4 3.5V13H4z",
  sms: "M5.5 2.5h9v15h-9z M8 5.5h4 M9.5 15h1",
  telegram: "M17 3.5 2.5 9.3l4.6 1.7 1.8 5.5 2.6-3.2 4 3z M7.1 11 17 3.5",
  shop: "M3 4h2l2 9h8l1.8-6.5H6 M8 16.4v.1 M14 16.4v.1",
  note: "M5 3h7l3.5 3.5V17H5z M8 9h5 M8 12.5h5",
  transcript: "M4 5h12 M4 9h8 M4 13h12 M4 17h6",
  promise: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z M10 6v4.2l2.8 1.8",
  gap: "M10 3v4 M10 13v4 M6 10h.1 M10 10h.1 M14 10h.1",
  voicemail: "M6 7.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z M14 7.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z M6 13.5h8",
  inbound: "M15 5 6 14 M6 7.5V14h6.5",
  outbound: "M5 15 14 6 M7.5 6H14v6.5",
  missed: "M4 6l6 5.5L16 6 M12 6h4v4",
  play: "M6.5 4v12l9.5-6z",
  pause: "M7 4.5v11 M13 4.5v11",
  search: "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z M13 13l4 4",
  close: "M5 5l10 10 M15 5 5 15",
  check: "M4 10.5 8.2 15 16 5.5",
  star: "M10 3l2.1 4.6 5 .6-3.7 3.4 1 4.9-4.4-2.5-4.4 2.5 1-4.9L2.9 8.2l5-.6z",
  person: "M10 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6z M4 17c.5-3 3-4.5 6-4.5s5.5 1.5 6 4.5",
  household: "M3 9.5 10 4l7 5.5 M5 8.5V16.5h10V8.5 M8.5 16.5v-4h3v4",
  organisation: "M4 17V4h8v13 M12 8h4v9 M3 17h14 M7 7.5h2 M7 10.5h2 M7 13.5h2",
  unknown: "M7.5 7.5a2.5 2.5 0 1 1 3.7 2.2c-.8.5-1.2 1-1.2 2 M10 14.5v.1",
  warning: "M10 3.5 2.5 16.5h15z M10 8.5v3.5 M10 14.2v.1",
  info: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z M10 9v4.5 M10 6.5v.1",
  undo: "M7 5 3.5 8.5 7 12 M4 8.5h8a4 4 0 0 1 0 8H8",
  down: "M5 8l5 5 5-5",
  right: "M8 5l5 5-5 5",
  attachment: "M14 8.5 9 13.5a2 2 0 0 1-3-3L12 4.5a3 3 0 0 1 4.2 4.2l-6 6a4.5 4.5 0 0 1-6.400-6.300L9 3",
  speaker: "M4 8v4h2.5L10 15V5L6.5 8z M13 7.5a3.5 3.5 0 0 1 0 5 M15 5.5a6.5 6.5 0 0 1 0 9",
  leave: "M8 4H4v12h4 M9 10h8 M14 7l3 3-3 3",
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }): ComponentChildren {
  return (
    <svg
      class="icon"
      viewBox="0 0 20 20"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={SHAPES[name]} />
    </svg>
  );
}

const CHANNEL_ICONS: Record<string, IconName> = {
  phone: "phone",
  email: "email",
  chat: "chat",
  sms: "sms",
  telegram: "telegram",
  whatsapp: "chat",
  shop: "shop",
};

export const channelIcon = (channel: string | null): IconName => CHANNEL_ICONS[channel ?? ""] ?? "note";
