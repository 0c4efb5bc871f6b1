import "../styles/viewer.css";
import type { Config } from "./data";
import { make, need } from "./dom";
import { startEngine } from "./engine/engine";
import { text, useTexts } from "./texts";
import { Viewer } from "./viewer";

function start(): void {
  const config = JSON.parse(need("#viewer-config").textContent ?? "{}") as Config;
  useTexts(config.texts);
  try {
    const force = new URLSearchParams(location.search).get("draw");
    const power = startEngine(force === "cpu" || force === "gpu" ? force : "");
    document.body.dataset["draw"] = power.software ? "cpu" : "gpu";
    void new Viewer(config, power.cacheBytes).start();
  } catch (error) {
    need("[data-panes]").replaceChildren(make("p", "viewer-message", text("failed", { why: String(error) })));
  }
}

start();
