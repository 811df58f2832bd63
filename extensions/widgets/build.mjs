// Bundles every view: explorer/views/<stem>.py and src/<stem>.ts share a stem, and become explorer/views/static/<stem>.js.
// `--watch` rebuilds on each change, for hot reload (CONTRIBUTING.md).
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { parse, resolve } from "node:path";
import * as esbuild from "esbuild";

const here = import.meta.dirname;
const views = resolve(here, "../../explorer/views");
const out = resolve(views, "static");
const watch = process.argv.includes("--watch");

const stems = readdirSync(views)
  .filter((file) => file.endsWith(".py") && existsSync(resolve(here, "src", `${parse(file).name}.ts`)))
  .map((file) => parse(file).name);
if (stems.length === 0) throw new Error(`No view: no file of ${views} has a twin in ${resolve(here, "src")}.`);

// A bundle whose view is gone must not linger and travel in the wheel.
mkdirSync(out, { recursive: true });
for (const file of readdirSync(out)) {
  if (file.endsWith(".js") && !stems.includes(parse(file).name)) rmSync(resolve(out, file));
}

const context = await esbuild.context({
  entryPoints: stems.map((stem) => resolve(here, "src", `${stem}.ts`)),
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  loader: { ".css": "text" },
  minify: !watch,
  sourcemap: watch && "inline",
  logLevel: "info",
});
if (watch) {
  rmSync(resolve(out, ".built"), { force: true }); // make's stamp: these bundles are large, the next make replaces them
  await context.watch();
} else {
  await context.rebuild().finally(() => context.dispose());
}
