import { all, isTyping, one, onEach } from "./dom";
import { type Limit, preview } from "./limits";

function startLimit(field: HTMLElement): void {
  const input = one<HTMLInputElement>("input, select", field);
  if (!input) return;
  const limit = JSON.parse(field.dataset["limit"] ?? "{}") as Limit;
  const stated = field.dataset["reference"];
  const reference = stated === undefined ? null : Number(stated);
  const judge = (): void => {
    const said = preview(limit, input.value, reference);
    all("[data-live]", field).forEach((badge) => (badge.hidden = badge.dataset["live"] !== said));
  };
  input.addEventListener("input", judge);
  judge();
}

/** Whether it is another button of the same radio group: Enter leaves a group as a whole. */
function sameRadios(field: HTMLElement, from: EventTarget): boolean {
  const radios = [field, from].every((one) => one instanceof HTMLInputElement && one.type === "radio");
  return radios && (field as HTMLInputElement).name === (from as HTMLInputElement).name;
}

function follows(field: Element, from: Element): boolean {
  return (from.compareDocumentPosition(field) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
}

/** Enter goes to the next field, Ctrl Enter saves; a text area keeps its Enter. */
export function startEnter(form: HTMLFormElement): void {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (!(event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement)) return;
    const from = event.target;
    const fields = all<HTMLElement>("input:not([type=hidden]), select, textarea, button[type=submit]", form).filter(
      (field) => field.offsetParent !== null && !sameRadios(field, from),
    );
    const next = fields.find((field) => follows(field, from));
    if (!next) return;
    event.preventDefault();
    next.focus();
    if (next instanceof HTMLInputElement && isTyping(next)) next.select();
  });
}

/** Sends the whole form a second after the last change; what was typed is also kept if the server is away. */
function startAutosave(form: HTMLFormElement, url: string): void {
  const state = one("[data-autosave-state]", form);
  let timer = 0;
  const say = (text: string | undefined, bad: boolean): void => {
    if (!state) return;
    state.textContent = text ?? "";
    state.classList.toggle("bad", bad);
  };
  const save = async (): Promise<void> => {
    try {
      const answer = await fetch(url, { method: "POST", body: new FormData(form) });
      say(answer.ok ? document.body.dataset["saved"] : document.body.dataset["unsaved"], !answer.ok);
    } catch {
      say(document.body.dataset["unsaved"], true);
      timer = window.setTimeout(() => void save(), 5000);
    }
  };
  form.addEventListener("input", () => {
    say(document.body.dataset["changed"], false);
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void save(), 1000);
  });
}

export function startForms(): void {
  onEach("[data-limit]", startLimit);
  onEach<HTMLFormElement>("[data-form]", (form) => {
    startEnter(form);
    const url = form.dataset["autosave"];
    if (url) startAutosave(form, url);
  });
}
