import { filesOf } from "./model-files.ts";

const folder = "s3://data/runs/p/r/train/0/1.1/model";
const file = (uri: string, bytes = 3) => ({ uri, sha256: "ab".repeat(32), bytes, mediaType: "text/plain" });
const entry = file(`${folder}/MLmodel`);

describe("the files of a model", () => {
  it.each([folder, `${folder}/`])("are named by their paths in the folder %s, in order", (uri) => {
    const files = [file(`${folder}/model/weights-2.npz`), entry, file(`${folder}/model/weights-1.npz`)];
    expect(filesOf({ uri, files }).map(({ path }) => path)).toEqual([
      "MLmodel",
      "model/weights-1.npz",
      "model/weights-2.npz",
    ]);
  });

  it.each([
    ["no MLmodel", [file(`${folder}/weights.npz`)], /there is no s3:.*\/model\/MLmodel/],
    ["MLmodel in a subfolder only", [file(`${folder}/a/MLmodel`)], /there is no/],
    [
      "a file outside of the folder",
      [entry, file("s3://data/runs/p/r/x")],
      /runs\/p\/r\/x is not in the model's folder/,
    ],
    ["a file of a sibling folder", [entry, file(`${folder}-2/x`)], /is not in the model's folder/],
    ["a path that leaves the folder", [entry, file(`${folder}/../x`)], /is not in the model's folder/],
    ["an empty path segment", [entry, file(`${folder}//x`)], /is not in the model's folder/],
    ["a file twice", [entry, entry], /MLmodel is listed twice/],
    [
      "a file that is too large for a copy in S3",
      [entry, file(`${folder}/w`, 5 * 1024 ** 3 + 1)],
      /5\.0 GiB; S3 copies up to 5/,
    ],
  ])("are refused with %s", (_, files, message) => {
    expect(() => filesOf({ uri: folder, files })).toThrow(message);
  });
});
