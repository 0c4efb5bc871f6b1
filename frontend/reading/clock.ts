const BEAT = 15_000;
const IDLE = 120_000; // without a key or the mouse for longer, nobody is reading

/** Counts the time for which a case is in sight and somebody is at it, and tells it now and then. */
export class Clock {
  private counted = 0;
  private last = performance.now();
  private touched = performance.now();
  private running = false;

  constructor(private readonly beat: (seconds: number) => void) {
    for (const name of ["keydown", "pointermove", "pointerdown", "wheel"]) document.addEventListener(name, () => this.touch(), { passive: true });
    document.addEventListener("visibilitychange", () => this.count());
    window.setInterval(() => this.tell(), BEAT);
    window.addEventListener("pagehide", () => this.tell());
  }

  start(): void {
    this.counted = 0;
    this.last = this.touched = performance.now();
    this.running = true;
  }

  stop(): void {
    this.running = false;
  }

  /** The seconds since they were last taken. */
  take(): number {
    this.count();
    const seconds = this.counted / 1000;
    this.counted = 0;
    return seconds;
  }

  private touch(): void {
    this.count();
    this.touched = performance.now();
  }

  private count(): void {
    const now = performance.now();
    const until = Math.min(now, this.touched + IDLE);
    if (this.running && !this.wasHidden) this.counted += Math.max(0, until - this.last);
    this.last = now;
    this.wasHidden = document.hidden;
  }

  private wasHidden = document.hidden;

  private tell(): void {
    if (!this.running) return;
    const seconds = this.take();
    if (seconds >= 1) this.beat(seconds);
    else this.counted += seconds * 1000;
  }
}
