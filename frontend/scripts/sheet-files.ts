import { all, need, one } from "./dom";

interface Taken {
  id: string;
  name: string;
  url: string;
  picture: boolean;
  text?: string;
}

const AGAIN = 8000;

function row(form: HTMLFormElement, list: HTMLElement, name: string): HTMLElement {
  const item = document.createElement("li");
  const label = document.createElement("span");
  label.textContent = name;
  const state = document.createElement("small");
  state.textContent = form.dataset["saving"] ?? "";
  item.append(label, state);
  list.append(item);
  return item;
}

function taken(form: HTMLFormElement, item: HTMLElement, field: string, file: Taken): void {
  const id = document.createElement("input");
  Object.assign(id, { type: "hidden", name: field, value: file.id });
  const link = document.createElement("a");
  link.href = file.url;
  link.textContent = file.name;
  const parts: Node[] = [id];
  if (file.picture) {
    const picture = document.createElement("img");
    Object.assign(picture, { src: file.url, alt: "" });
    parts.push(picture);
  }
  const close = document.createElement("button");
  Object.assign(close, { type: "button", className: "bare", textContent: "×" });
  close.dataset["fileRemove"] = "";
  close.setAttribute("aria-label", file.name);
  item.replaceChildren(...parts, link, close);
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Sends a file; without a connection it waits in this page and is sent again. */
async function send(form: HTMLFormElement, item: HTMLElement, field: string, file: File): Promise<void> {
  const body = new FormData();
  body.append("file", file);
  body.append("csrfmiddlewaretoken", need<HTMLInputElement>("[name=csrfmiddlewaretoken]", form).value);
  const state = one("small", item);
  try {
    const answer = await fetch(form.dataset["upload"] ?? "", { method: "POST", body, headers: { Accept: "application/json" } });
    const json = (answer.headers.get("content-type") ?? "").includes("json") && !answer.redirected;
    const told = json ? ((await answer.json()) as Taken) : null;
    if (answer.ok && told) {
      delete item.dataset["unsent"];
      taken(form, item, field, told);
      return;
    }
    delete item.dataset["unsent"];
    if (state) state.textContent = told?.text ?? form.dataset["refused"] ?? "";
    item.classList.add("bad");
  } catch {
    item.dataset["unsent"] = "";
    if (state) state.textContent = form.dataset["waiting"] ?? "";
    const again = (): void => void send(form, item, field, file);
    window.addEventListener("online", again, { once: true });
    window.setTimeout(() => {
      if (item.dataset["unsent"] === "" && navigator.onLine) {
        window.removeEventListener("online", again);
        again();
      }
    }, AGAIN);
  }
}

export function startFiles(form: HTMLFormElement): void {
  for (const box of all("[data-files]", form)) {
    const list = need("ul", box);
    const input = need<HTMLInputElement>("input[type=file]", box);
    input.addEventListener("change", () => {
      for (const file of input.files ?? []) void send(form, row(form, list, file.name), box.dataset["files"] ?? "", file);
      input.value = "";
    });
    list.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("[data-file-remove]") : null;
      button?.closest("li")?.remove();
      if (button) form.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  window.addEventListener("beforeunload", (event) => {
    if (one("[data-unsent]", form)) event.preventDefault();
  });
}
