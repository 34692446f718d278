import assert from "node:assert/strict";
import { test } from "node:test";
import { accentOf, contrast, parse, type Rgb } from "../src/widget/colours.ts";

const SURFACES: Record<"light" | "dark", Rgb> = { light: [255, 255, 255], dark: [26, 32, 30] };
const COLOURS = [
  "#0e5c56",
  "#ffffff",
  "#000000",
  "#ffd400",
  "#1a201e",
  "#ff0000",
  "#777777",
  "#00ff88",
  "#1b1bb3",
];

for (const theme of ["light", "dark"] as const)
  for (const colour of COLOURS)
    test(`${colour} can be read on the ${theme} theme`, () => {
      const { fill, ink, edge } = accentOf(colour, theme);
      assert.ok(contrast(parse(fill), parse(ink)) >= 4.5, `${ink} on ${fill}`);
      assert.ok(contrast(parse(edge), SURFACES[theme]) >= 3, edge);
      assert.ok(contrast(parse(fill), SURFACES[theme]) >= 1.4, fill);
    });

test("a colour that is fit is left as it is", () => {
  assert.deepEqual(accentOf("#0e5c56", "light"), { fill: "#0e5c56", ink: "#ffffff", edge: "#0e5c56" });
});

test("contrast is that of WCAG", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
});
