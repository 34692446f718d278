// The catalogues say the same things in every language, and nothing is said outside of them:
// the same keys, the same {placeholders}, the plural categories that the language has; no key that no source names;
// no words in the markup itself.
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { disagreements } from "./catalogues.mjs";

const src = join(dirname(fileURLToPath(import.meta.url)), "../src");
const languages = ["en", "ru", "uk"];

const read = async (folder) =>
  Object.fromEntries(
    await Promise.all(
      languages.map(async (language) => [
        language,
        JSON.parse(await readFile(join(src, folder, `${language}.json`), "utf8")),
      ]),
    ),
  );
const catalogues = await read("catalogues");
const ofWidget = await read("widget/catalogues");

const paths = (await readdir(src, { recursive: true })).filter((path) => /\.tsx?$/.test(path));
const sources = await Promise.all(
  paths.map(async (path) => ({ path, text: await readFile(join(src, path), "utf8") })),
);

// Keys are named whole, or by their group in word("group", code) and t(`group.${code}`).
const all = sources.map(({ text }) => text).join("\n");
const groups = new Set([
  ...[...all.matchAll(/\bword\(\s*"(\w+)"/g)].map(([, group]) => group),
  ...[...all.matchAll(/\bt\(`(\w+)\.\$\{/g)].map(([, group]) => group),
]);
const isUsed = (key) => all.includes(`"${key}"`) || groups.has(key.split(".")[0]);
const unused = Object.keys({ ...catalogues.en, ...ofWidget.en })
  .filter((key) => !isUsed(key))
  .map((key) => `${key}: no source names it`);

// Words between two tags, or in an attribute that is read out.
const BETWEEN = /(?<!=)>\s*([^<>{}=;()&]*\p{L}{2}[^<>{}=;()&]*?)\s*[<{]/gu;
const ATTRIBUTE = /\s(?:label|title|placeholder|alt|aria-label|hint)="([^"]*\p{L}{2}[^"]*)"/gu;
// The page that shows the components names them as the source does.
const isShown = ({ path }) => path.endsWith(".tsx") && path !== "pages/components.tsx";
const inline = sources
  .filter(isShown)
  .flatMap(({ path, text }) =>
    [...text.matchAll(BETWEEN), ...text.matchAll(ATTRIBUTE)].map(
      ([, words]) => `${path}: "${words}" is not in the catalogues`,
    ),
  );

const findings = [...disagreements(catalogues), ...disagreements(ofWidget), ...unused, ...inline];
findings.forEach((finding) => console.error(finding));
if (findings.length > 0) process.exit(1);
