import { make, need } from "../viewer/dom";
import type { CaseData } from "./data";

/** The position of the film in sight: what must be on it, what makes it good, and pictures of how it should look. */
export class PositionBox {
  private readonly box = need<HTMLDetailsElement>("[data-position]");
  private one: CaseData | null = null;

  load(one: CaseData): void {
    this.one = one;
    this.at(one.series?.id ?? "");
  }

  /** A series came into sight; films of one exam can be of several positions. */
  at(series: string): void {
    const found = this.one?.positions?.[series] ?? this.one?.position ?? null;
    this.box.hidden = found === null;
    for (const key of ["name", "shows", "criteria"] as const) need(`[data-position-${key}]`, this.box).textContent = found?.[key] ?? "";
    const pictures = (found?.pictures ?? []).map(({ url, name }) => {
      const picture = make("img");
      picture.src = url;
      picture.alt = name;
      picture.loading = "lazy"; // fetched once the box is open
      const figure = make("figure");
      figure.append(picture, make("figcaption", "", name));
      return figure;
    });
    need("[data-position-pictures]", this.box).replaceChildren(...pictures);
    need("[data-position-count]", this.box).hidden = pictures.length === 0;
  }

  toggle(): boolean {
    if (this.box.hidden) return false;
    this.box.open = !this.box.open;
    return true;
  }
}
