/** Milliseconds after which Batch lists a job. */
const maxListing = 120_000;

/** When jobs were submitted, as Batch's list of jobs misses the newest ones. */
export class JobSubmissions {
  /** When the first job of a name was submitted. */
  private readonly at = new Map<string, number>();

  /** Records a submission, unless there was one of this name. */
  add(name: string, now: number): void {
    if (!this.at.has(name)) this.at.set(name, now);
  }

  /** Whether a job is so new that a list may miss it. */
  mayBeUnlisted(name: string, now: number): boolean {
    return now - (this.at.get(name) ?? now) < maxListing;
  }
}
