import { type Candidate, type ExamData, type SeriesCard, fetchJson } from "./data";
import { icon, make, need } from "./dom";
import { text } from "./texts";

/** The cards of an exam's series; `pick` is called with the series' id. */
export function cards(exam: ExamData, titled: boolean, pick: (id: string) => void): HTMLElement {
  const box = make("div", "viewer-cards");
  if (titled) box.append(make("p", "viewer-cards-title", [exam.name, exam.when].filter(Boolean).join(" · ")));
  const list = make("ul");
  for (const one of exam.series) {
    const item = make("li");
    item.append(card(one, pick));
    list.append(item);
  }
  box.append(list);
  return box;
}

function card(one: SeriesCard, pick: (id: string) => void): HTMLButtonElement {
  const button = make("button", "viewer-card");
  button.type = "button";
  button.dataset["series"] = one.id;
  button.title = one.name;
  const picture = make("span", "viewer-card-picture");
  if (one.picture) {
    const image = make("img");
    Object.assign(image, { src: one.picture, alt: "", loading: "lazy", width: 96, height: 96 });
    picture.append(image);
  } else picture.append(icon("file-text"));
  const words = make("span", "viewer-card-words");
  words.append(make("span", "viewer-card-name", one.name), make("span", "viewer-card-count num", `${one.modality} · ${one.count}`));
  if (one.light.word) {
    const light = make("span", `viewer-light ${one.light.tone}`);
    light.append(icon(one.light.icon), make("span", "", one.light.count === null ? one.light.word : `${one.light.word} ${one.light.count}`));
    words.append(light);
  }
  button.append(picture, words);
  button.addEventListener("click", () => pick(one.id));
  return button;
}

/** Marks the cards of the series that are on the screen. */
export function mark(place: HTMLElement, shown: (string | undefined)[], active: string | undefined): void {
  place.querySelectorAll<HTMLElement>("[data-series]").forEach((button) => {
    const id = button.dataset["series"];
    button.classList.toggle("is-shown", shown.includes(id));
    if (id === active) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    if (id === active) button.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
}

export interface Choice {
  exam: string;
  series: string;
}

/** The dialog that asks what to compare with: the exam's other series at once, other exams as the server lists them. */
export async function choose(exam: ExamData, shown: string | undefined, address: string, take: (choice: Choice) => void): Promise<void> {
  const dialog = need<HTMLDialogElement>("#viewer-compare");
  const place = need("[data-choices]", dialog);
  const others = exam.series.filter((one) => one.id !== shown && one.picture);
  const pick = (exam_id: string, series: string): void => {
    dialog.close();
    take({ exam: exam_id, series });
  };
  const own = group(text("same_exam"), others.map((one) => row(one.name, `${one.modality} · ${one.count}`, () => pick(exam.id, one.id))));
  place.replaceChildren(...(others.length ? [own] : []), make("p", "muted", text("loading")));
  dialog.showModal();
  try {
    const { exams } = await fetchJson<{ exams: Candidate[] }>(address);
    const rows = new Map<string, HTMLElement[]>();
    for (const one of exams) rows.set(one.why, [...(rows.get(one.why) ?? []), row(one.name, [one.modality, one.when].filter(Boolean).join(" · "), () => pick(one.id, ""))]);
    const groups = [...rows].map(([why, members]) => group(why, members));
    const nothing = others.length + groups.length ? [] : [make("p", "muted", text("no_others"))];
    place.replaceChildren(...(others.length ? [own] : []), ...groups, ...nothing);
  } catch {
    place.replaceChildren(...(others.length ? [own] : []), make("p", "muted", text("offline")));
  }
  place.querySelector("button")?.focus();
}

function group(title: string, rows: HTMLElement[]): HTMLElement {
  const box = make("section", "viewer-choice-group");
  box.append(make("h3", "", title), ...rows);
  return box;
}

function row(name: string, about: string, act: () => void): HTMLButtonElement {
  const button = make("button", "viewer-choice");
  button.type = "button";
  button.append(make("span", "viewer-choice-name", name), make("span", "muted num", about));
  button.addEventListener("click", act);
  return button;
}
