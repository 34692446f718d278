// Bundles the desk into dist/: index.html, one hashed script, one hashed stylesheet, and nothing inline, so that it
// runs under the desk's content security policy. And into dist/chat/ what sites load: one script of a fixed name.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
const result = await build({
  absWorkingDir: root,
  entryPoints: { desk: "src/main.tsx" },
  outdir: "dist/assets",
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome110", "firefox110", "safari16"],
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".svg": "file" },
  minify: true,
  sourcemap: "linked",
  metafile: true,
  logLevel: "warning",
});

const outputs = Object.keys(result.metafile.outputs).map((path) => basename(path));
const named = (extension) => `/assets/${outputs.find((name) => name.endsWith(extension))}`;
const page = await readFile(join(root, "index.html"), "utf8");
await writeFile(
  join(dist, "index.html"),
  page
    .replace("%STYLE%", named(".css"))
    .replace("%SCRIPT%", named(".js"))
    .replace("data:,", "/assets/icon.svg"),
);
await cp(join(root, "src/icon.svg"), join(dist, "assets/icon.svg"));

const TARGET = ["es2022", "chrome110", "firefox110", "safari16.4"];
/** The widget's stylesheet is a text in its script: it goes into a shadow root. */
const styleAsText = {
  name: "style-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), {
        loader: "css",
        minify: true,
        target: TARGET,
      });
      return { contents: code, loader: "text" };
    });
  },
};
await build({
  absWorkingDir: root,
  entryPoints: { widget: "src/widget/main.tsx" },
  outdir: "dist/chat",
  bundle: true,
  format: "iife",
  target: TARGET,
  jsx: "automatic",
  jsxImportSource: "preact",
  plugins: [styleAsText],
  minify: true,
  logLevel: "warning",
});
await cp(join(root, "src/widget/demo.css"), join(dist, "chat/demo.css"));
