// A company's colour, kept readable: what is too faint on its background is made darker or lighter until it is not.
// Contrast as in WCAG 2.2: 4.5 to 1 is what texts need, 3 to 1 what borders do.
export type Rgb = readonly [number, number, number];
export type Theme = "light" | "dark";

/** `fill` is what texts in `ink` stand on; `edge` is for borders on the surface. */
export interface Accent {
  fill: string;
  ink: string;
  edge: string;
}

const READABLE = 4.5;
const VISIBLE = 3;
/** Enough for an area to be seen as one, where nothing depends on that. */
const DISTINCT = 1.4;
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
/** --surface of widget.css. */
const SURFACES = { light: WHITE, dark: [26, 32, 30] } as const satisfies Record<Theme, Rgb>;
const STEPS = 20;

export const parse = (hex: string): Rgb =>
  [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;

const format = (colour: Rgb): string =>
  `#${colour.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

export function accentOf(hex: string, theme: Theme): Accent {
  const colour = parse(hex);
  const fill = moved(colour, theme, DISTINCT);
  const ink = contrast(fill, WHITE) >= READABLE ? WHITE : BLACK;
  return { fill: format(fill), ink: format(ink), edge: format(moved(colour, theme, VISIBLE)) };
}

/** The colour, moved towards black on the light theme and towards white on the dark one as far as needed. */
function moved(colour: Rgb, theme: Theme, least: number): Rgb {
  const goal = theme === "light" ? BLACK : WHITE;
  let found = colour;
  for (let step = 1; step <= STEPS && contrast(found, SURFACES[theme]) < least; step += 1)
    found = colour.map((part, index) => part + ((goal[index]! - part) * step) / STEPS) as unknown as Rgb;
  return found;
}
