import { all, isTyping, need, one, onEach } from "./dom";

const SOUND = "yingheng.board.sound";

/** Two short tones when an exam fails; off until somebody turns them on. */
function beep(): void {
  const context = new AudioContext();
  for (const [at, pitch] of [[0, 880], [0.22, 660]] as const) {
    const tone = context.createOscillator();
    const loud = context.createGain();
    tone.frequency.value = pitch;
    loud.gain.value = 0.15;
    tone.connect(loud).connect(context.destination);
    tone.start(context.currentTime + at);
    tone.stop(context.currentTime + at + 0.16);
  }
  window.setTimeout(() => void context.close(), 800);
}

function startSound(): void {
  const button = one("[data-sound]");
  if (!button) return;
  const show = (): void => button.setAttribute("aria-pressed", String(localStorage.getItem(SOUND) === "1"));
  button.addEventListener("click", () => {
    localStorage.setItem(SOUND, localStorage.getItem(SOUND) === "1" ? "0" : "1");
    show();
    if (localStorage.getItem(SOUND) === "1") beep();
  });
  show();
}

/** What failed since the page was opened, told once each. */
function startAlarm(): void {
  const known = new Set(all("[data-beep]").map((card) => card.id));
  document.addEventListener("htmx:load", () => {
    const fresh = all("[data-beep]").filter((card) => !known.has(card.id));
    fresh.forEach((card) => known.add(card.id));
    if (fresh.length > 0 && localStorage.getItem(SOUND) === "1") beep();
  });
}

function startFullScreen(): void {
  one("[data-fullscreen]")?.addEventListener("click", () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void document.documentElement.requestFullscreen();
  });
}

let chosen = "";

function choose(card: HTMLElement | undefined): void {
  if (!card) return;
  chosen = card.id;
  mark();
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

/** The chosen card stays chosen when the board is read anew. */
function mark(): void {
  all("[data-card]").forEach((card) => card.classList.toggle("at", card.id === chosen));
}

/** The form behind an act, in a dialog of this page: nobody loses sight of the board. */
async function openAct(link: HTMLAnchorElement): Promise<void> {
  const answer = await fetch(link.href).catch(() => null);
  const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  const form = page?.querySelector<HTMLFormElement>("form.form-panel");
  const dialog = one<HTMLDialogElement>("#act");
  if (!page || !form || !dialog) {
    window.location.href = link.href;
    return;
  }
  form.action = link.href;
  const cancel = one("a.btn-quiet", form);
  cancel?.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  need("[data-act-title]", dialog).textContent = page.querySelector("h1")?.textContent ?? "";
  need("[data-act-body]", dialog).replaceChildren(form);
  dialog.showModal();
  one<HTMLInputElement>("input[data-quick]", form)?.focus();
}

function onBoardKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || one("dialog[open]")) return;
  const cards = all("[data-card]");
  if (cards.length === 0) return;
  const at = cards.findIndex((card) => card.id === chosen);
  const here = cards[Math.max(at, 0)];
  if (event.key === "j") choose(cards[Math.min(at + 1, cards.length - 1)]);
  else if (event.key === "k") choose(cards[Math.max(at - 1, 0)]);
  else if (event.key === "Enter" && at >= 0 && here) one<HTMLAnchorElement>("a.room-link", here)?.click();
  else if ((event.key === "t" || event.key === "a") && here) {
    const link = one<HTMLAnchorElement>(`a[data-act="${event.key}"]`, here);
    if (!link) return;
    choose(here);
    link.click();
  } else return;
  event.preventDefault();
}

/** In a form with numbered reasons a digit gives the answer and sends it. */
function onQuickKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const place = one("dialog[open]") ?? document;
  const answer = one<HTMLInputElement>(`input[data-quick="${CSS.escape(event.key)}"]`, place);
  if (!answer?.form || !/^[1-9]$/.test(event.key)) return;
  event.preventDefault();
  answer.checked = true;
  answer.form.requestSubmit();
}

export function startBoard(): void {
  document.addEventListener("keydown", onQuickKey);
  if (!document.body.classList.contains("room")) return;
  startSound();
  startAlarm();
  startFullScreen();
  onEach("[data-card]", mark);
  document.addEventListener("keydown", onBoardKey);
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-act]") : null;
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    void openAct(link);
  });
}
