const SHAPES = {
  chat: "M4 4h12v9H9l-4 3.5V13H4z",
  close: "M5 5l10 10 M15 5 5 15",
  down: "M5 8l5 5 5-5",
  back: "M12 5l-5 5 5 5",
  send: "M10 16V4 M5 9l5-5 5 5",
  person: "M10 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6z M4 17c.5-3 3-4.5 6-4.5s5.5 1.5 6 4.5",
  attachment: "M14 8.5 9 13.5a2 2 0 0 1-3-3L12 4.5a3 3 0 0 1 4.2 4.2l-6 6a4.5 4.5 0 0 1-6.4-6.3L9 3",
} as const;

export const Icon = ({ name, size = 20 }: { name: keyof typeof SHAPES; size?: number }) => (
  <svg
    viewBox="0 0 20 20"
    width={size}
    height={size}
    fill="none"
    stroke="currentColor"
    stroke-width="1.7"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d={SHAPES[name]} />
  </svg>
);
