// Bundles the extension: esbuild takes our own sources (as the widgets' bundles are made), @jupyter/builder makes of them
// what JupyterLab loads, in `built/`. What JupyterLab itself brings stays outside.
import { rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import * as esbuild from "esbuild";

const here = import.meta.dirname;
const find = createRequire(import.meta.url).resolve;

rmSync(resolve(here, "lib"), { recursive: true, force: true });
await esbuild.build({
  entryPoints: [resolve(here, "src/index.ts")],
  outdir: resolve(here, "lib"),
  bundle: true,
  splitting: true, // the views are loaded when the first trace is opened
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  loader: { ".css": "text", ".svg": "text" },
  external: ["@jupyterlab/*", "@jupyter-widgets/*", "@lumino/*"],
  logLevel: "warning",
});

const builder = resolve(dirname(find("@jupyter/builder")), "build-labextension.js");
const core = find("@jupyterlab/core-meta/core.package.json");
execFileSync(process.execPath, [builder, "--core-package-file", core, here], { stdio: ["ignore", "inherit", "inherit"] });
// `jupyter labextension list` says by it which package brought the extension.
const install = { packageManager: "python", packageName: "prompt-explorer", uninstallInstructions: "pip uninstall prompt-explorer" };
writeFileSync(resolve(here, "built/install.json"), `${JSON.stringify(install, null, 2)}\n`);
