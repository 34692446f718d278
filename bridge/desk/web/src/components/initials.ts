/** First letters of the first two words; "«Дім» ТОВ" gives ДТ, so marks do not count. */
export function initials(name: string): string {
  const words = name.match(/\p{L}[\p{L}\p{M}'’-]*/gu) ?? [];
  return words
    .slice(0, 2)
    .map((each) => [...each][0]?.toLocaleUpperCase() ?? "")
    .join("");
}
