/** The mark: one line, and who is on it now. */
export const Mark = ({ size = 30 }: { size?: number }) => (
  <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
    <rect width="32" height="32" rx="8" fill="#0e5c56" />
    <path d="M16 4v24" stroke="#8fd0c5" stroke-width="2.5" stroke-linecap="round" />
    <circle cx="16" cy="10" r="4.5" fill="#f4b23c" />
    <circle cx="16" cy="21" r="3" fill="#fff" />
  </svg>
);
