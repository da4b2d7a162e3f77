/** A promise of the engine that was broken. */
export type Violation = { readonly rule: string; readonly detail: string };

/** Collects broken promises. The first is usually the cause of the others. */
export class Violations {
  readonly all: Violation[] = [];

  add(rule: string, detail: string): void {
    this.all.push({ rule, detail });
  }

  get any(): boolean {
    return this.all.length > 0;
  }
}
