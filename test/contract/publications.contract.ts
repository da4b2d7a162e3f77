import type { Publications } from "../../shared/ports/publications.ts";
import { type Origin, type Publication, sequenceOf } from "../../shared/state/publication.ts";

const key = "results/poems/lake.json";
const october = "2021-10-04T16:21:00.000Z";
const november = "2021-11-04T16:21:00.000Z";
const uri = "s3://data/raw/zips/a.zip";

const of = (runId: string, origin: Origin): Publication => ({
  ...{ key, runId, origin },
  artifact: { uri: `s3://data/runs/${runId}/x.json`, sha256: "ab", bytes: 3, mediaType: "application/json" },
});
const version = (sequencer: string, at: string): Origin => ({ at, uri, sequence: sequenceOf(sequencer) });

/** What every record of publications does. `make` returns an empty one. */
export function publicationsContract(make: () => Promise<Publications>): void {
  let publications: Publications;
  beforeEach(async () => {
    publications = await make();
  });

  test("nothing is recorded at first", async () => {
    expect(await publications.get(key)).toBeUndefined();
  });

  test.each<[string, Origin, Origin, "first" | "second"]>([
    ["a later time", { at: october }, { at: november }, "second"],
    ["an earlier time", { at: november }, { at: october }, "first"],
    ["the same time", { at: october }, { at: october }, "second"],
    ["a later version of the same time", version("9", october), version("1A", october), "second"],
    ["an earlier version of the same time", version("1A", october), version("9", october), "first"],
    ["an earlier version with a later time", version("1A", october), version("9", november), "first"],
    ["a later version with an earlier time", version("9", november), version("1a", october), "second"],
    ["the same version", version("9", october), version("9", october), "second"],
    [
      "an older object with a higher number",
      version("9", november),
      { ...version("1A", october), uri: "s3://data/raw/zips/b.zip" },
      "first",
    ],
    ["an older time than a version's", version("9", november), { at: october }, "first"],
    ["a version of an older time", { at: november }, version("9", october), "first"],
    ["a version of a newer time", { at: october }, version("9", november), "second"],
  ])("after another, one for %s is recorded or not", async (_, first, second, kept) => {
    const [one, two] = [of("first", first), of("second", second)];
    expect(await publications.record(one)).toEqual(one);
    const expected = kept === "first" ? one : two;
    expect(await publications.record(two)).toEqual(expected);
    expect(await publications.get(key)).toEqual(expected);
  });

  test("each key has its own record", async () => {
    const other = { ...of("second", { at: october }), key: "results/other.json" };
    await publications.record(of("first", { at: november }));
    expect(await publications.record(other)).toEqual(other);
    expect(await publications.get(key)).toEqual(of("first", { at: november }));
  });

  test("of concurrent records, the newest stays", async () => {
    const days = Array.from({ length: 30 }, (_, day) => String(day + 1).padStart(2, "0"));
    const shuffled = days.toSorted((a, b) => Number(a) * 7 - (Number(b) % 5) * 31);
    await Promise.all(
      shuffled.map((day) => publications.record(of(day, { at: `2021-10-${day}T00:00:00.000Z` }))),
    );
    expect((await publications.get(key))?.runId).toBe("30");
  });
}
