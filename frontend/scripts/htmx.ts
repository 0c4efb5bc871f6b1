import htmx from "htmx.org";
import { one } from "./dom";
import { toast } from "./toast";

/** htmx without eval and without injected styles (see the htmx-config meta tag); adds the CSRF token. */
export function startHtmx(): void {
  const token = one<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
  document.addEventListener("htmx:configRequest", (event) => {
    const detail = (event as CustomEvent<{ verb: string; headers: Record<string, string> }>).detail;
    if (detail.verb !== "get") detail.headers["X-CSRFToken"] = token;
  });
  document.addEventListener("htmx:responseError", () => toast(document.body.dataset["trouble"] ?? "", "error"));
  document.addEventListener("htmx:sendError", () => toast(document.body.dataset["offline"] ?? "", "error"));
}

export { htmx };
