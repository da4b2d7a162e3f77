import fc from "fast-check";
import {
  formatIndices,
  identityOf,
  indexAt,
  indicesOf,
  jobEnvironment,
  jobName,
  splitForArrays,
} from "./job-environment.ts";

const facts = {
  pipeline: "p",
  runId: "r",
  step: "s",
  job: "f.j",
  epoch: 2,
  attempt: 3,
  input: "s3://b/in",
  output: "s3://b/out/",
};

const indexLists = fc
  .uniqueArray(fc.nat(9999), { minLength: 1, maxLength: 300 })
  .map((list) => list.sort((a, b) => a - b));

describe("indices as text", () => {
  it("are ranges", () => {
    expect(formatIndices([0, 1, 2, 3, 4, 5, 9])).toBe("0-5,9");
    expect(formatIndices([3])).toBe("3");
  });

  it("are found by their place, and end where the list ends", () => {
    fc.assert(
      fc.property(indexLists, (list) => {
        const text = formatIndices(list);
        expect(list.map((_, place) => indexAt(text, place))).toEqual(list);
        expect(indexAt(text, list.length)).toBeUndefined();
        const environment = jobEnvironment({ ...facts, indices: list });
        expect(indicesOf({ id: "j", name: "n", state: "RUNNING", environment })).toEqual(list);
      }),
    );
  });
});

describe("array jobs", () => {
  it("cover every child once, in parts that Batch accepts", () => {
    const scattered = Array.from({ length: 5000 }, (_, place) => place * 2);
    const parts = splitForArrays(scattered);
    expect(parts.flat()).toEqual(scattered);
    for (const part of parts) expect(formatIndices(part).length).toBeLessThanOrEqual(2000);
    expect(splitForArrays(Array.from({ length: 10_000 }, (_, place) => place))).toHaveLength(1);
  });
});

describe("a job's name", () => {
  it("is the same for the same work, different for any other, and valid for Batch", () => {
    const facts = {
      runId: "20211004T162100Z-abcdefghijkm",
      step: "train_model",
      index: 3,
      epoch: 1,
      attempt: 2,
    };
    const names = [
      jobName(facts, 0),
      jobName(facts, 1),
      jobName({ ...facts, index: "map" }, 0),
      jobName({ ...facts, epoch: 2 }, 0),
      jobName({ ...facts, attempt: 1 }, 0),
      jobName({ ...facts, step: "x".repeat(40) }, 0),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(jobName(facts, 0)).toBe(jobName({ ...facts }, 0));
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/);
  });
});

describe("the work of a job", () => {
  const environment = jobEnvironment({ ...facts, indices: [4, 7] });
  const job = { id: "j:1", name: "n", state: "RUNNING", environment } as const;

  it("is read from its environment and its index in the array", () => {
    expect(identityOf({ ...job, arrayIndex: 1 })).toEqual({
      runId: "r",
      step: "s",
      index: 7,
      epoch: 2,
      attempt: 3,
    });
  });

  it("is undefined for foreign jobs, whole array jobs, and indices beyond the array", () => {
    expect(identityOf({ ...job, environment: { PATH: "/bin" } })).toBeUndefined();
    expect(identityOf({ ...job, arraySize: 2 })).toBeUndefined();
    expect(identityOf({ ...job, arrayIndex: 2 })).toBeUndefined();
    expect(identityOf({ ...job, environment: { ...environment, MILLRACE_INDICES: "x" } })).toBeUndefined();
  });
});
