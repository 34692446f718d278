// Lists come in pages.

export interface Page<T> {
  items: T[];
  next: string | null;
}
