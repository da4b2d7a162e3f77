import type { Publications } from "../../ports/publications.ts";
import { isOlder, type Publication } from "../../state/publication.ts";

/** Publications within the process. */
export class MemoryPublications implements Publications {
  private readonly latest = new Map<string, Publication>();

  async record(next: Publication): Promise<Publication> {
    const current = this.latest.get(next.key);
    if (current !== undefined && isOlder(next.origin, current.origin)) return structuredClone(current);
    this.latest.set(next.key, structuredClone(next));
    return structuredClone(next);
  }

  async get(key: string): Promise<Publication | undefined> {
    return structuredClone(this.latest.get(key));
  }
}
