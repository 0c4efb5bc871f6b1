import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const DATA_IMAGE = /url\(\s*(["'])data:image\/svg\+xml(?:;charset=utf-8|;utf8)?,(.*?)\1\s*\)/g;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** One SVG with a symbol for every icon of icons.json, so that a page loads no icon it does not know. */
function iconSprite() {
  return {
    name: "icon-sprite",
    generateBundle() {
      const names = JSON.parse(readFileSync(here("./icons.json"), "utf8"));
      const symbols = names.map((name) => {
        const svg = readFileSync(here(`./node_modules/@tabler/icons/icons/outline/${name}.svg`), "utf8");
        const body = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
        const shapes = body.replace(/<path stroke="none"[^>]*>/, "").replace(/\s+/g, " ").trim();
        return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
      });
      const source = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
      this.emitFile({ type: "asset", fileName: "icons.svg", source });
      this.emitFile({ type: "asset", fileName: "mark.svg", source: readFileSync(here("./mark.svg"), "utf8") });
    },
  };
}

/**
 * Pictures written into style sheets as data: addresses become files, so that the content policy can allow
 * pictures of our own origin alone.
 */
function dataImagesToFiles() {
  return {
    name: "data-images-to-files",
    enforce: "post",
    generateBundle(_options, bundle) {
      for (const sheet of Object.values(bundle)) {
        if (sheet.type !== "asset" || !sheet.fileName.endsWith(".css")) continue;
        const text = typeof sheet.source === "string" ? sheet.source : new TextDecoder().decode(sheet.source);
        sheet.source = text.replace(DATA_IMAGE, (_whole, _quote, body) => {
          const picture = decodeURIComponent(body.replaceAll('\\"', '"'));
          const name = `picture-${createHash("sha256").update(picture).digest("hex").slice(0, 10)}.svg`;
          this.emitFile({ type: "asset", fileName: `assets/${name}`, source: picture });
          return `url(./${name})`;
        });
        if (sheet.source.includes("url(data:") || sheet.source.includes('url("data:')) {
          this.error("a style sheet still holds a data: address");
        }
      }
    },
  };
}

export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [iconSprite(), dataImagesToFiles()],
  // The renderer can read files of kinds that the viewer never meets; what parses them stays away.
  resolve: { alias: { xmlbuilder2: here("./viewer/absent.ts") } },
  worker: { format: "es" },
  build: {
    outDir: here("../src/yingheng/common/ui/static/dist"),
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ["scripts/app.ts", "viewer/main.ts", "reading/main.ts"],
      checks: { eval: false },
    },
  },
});
