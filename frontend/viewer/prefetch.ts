import { type SeriesData, fileOf } from "./data";
import { bytesOf, isLoaded, load } from "./engine/engine";

const AT_ONCE = 4;

/** Loads the slices around the one on the screen, nearest first and those in the direction of travel before the others. */
export class Prefetch {
  private series: SeriesData | null = null;
  private index = 0;
  private forward = true;
  private running = 0;
  private readonly asked = new Set<string>(); // under way, or failed: a failure is told when somebody looks at it

  constructor(private readonly bytes: () => number) {}

  around(series: SeriesData, index: number): void {
    if (this.series === series && index !== this.index) this.forward = index > this.index;
    this.series = series;
    this.index = index;
    this.fill();
  }

  stop(): void {
    this.series = null;
  }

  private fill(): void {
    while (this.running < AT_ONCE) {
      const next = this.next();
      if (!next) return;
      this.running += 1;
      this.asked.add(next);
      void load(next)
        .then(() => this.asked.delete(next))
        .catch(() => undefined)
        .finally(() => {
          this.running -= 1;
          this.fill();
        });
    }
  }

  private next(): string {
    const series = this.series;
    if (!series || document.hidden) return "";
    const reach = Math.floor((0.8 * this.bytes()) / bytesOf(fileOf(series, this.index)) / 2);
    for (let away = 1; away <= Math.min(reach, series.slices.length); away += 1) {
      const ways = this.forward ? [away, -away] : [-away, away];
      for (const way of ways) {
        const address = fileOf(series, this.index + way);
        if (address && !this.asked.has(address) && !isLoaded(address)) return address;
      }
    }
    return "";
  }
}
