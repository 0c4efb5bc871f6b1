import "../styles/viewer.css";
import "../styles/reading.css";
import { make, need } from "../viewer/dom";
import { startEngine } from "../viewer/engine/engine";
import { text, useTexts } from "../viewer/texts";
import type { RoomConfig } from "./data";
import { Room } from "./room";

function start(): void {
  const config = JSON.parse(need("#room-config").textContent ?? "{}") as RoomConfig;
  useTexts(config.texts);
  try {
    const force = new URLSearchParams(location.search).get("draw");
    const power = startEngine(force === "cpu" || force === "gpu" ? force : "");
    document.body.dataset["draw"] = power.software ? "cpu" : "gpu";
    void new Room(config, power.cacheBytes).present(config.case);
  } catch (error) {
    need("[data-panes]").replaceChildren(make("p", "viewer-message", text("failed", { why: String(error) })));
  }
}

start();
