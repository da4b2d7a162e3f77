import type { Publication } from "../state/publication.ts";

/** What was last published at the keys that are for the newest. Reads are consistent. */
export type Publications = {
  /**
   * Records a publication, unless what is recorded at its key is newer.
   *
   * @returns what is recorded after the call
   */
  record(next: Publication): Promise<Publication>;
  get(key: string): Promise<Publication | undefined>;
};
