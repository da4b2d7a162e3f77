import { jobImage, undeployable } from "./image-uri.ts";
import type { ImageRecord } from "./record.ts";

const digest = `sha256:${"a".repeat(64)}`;
const record: ImageRecord = {
  account: "111122223333",
  region: "eu-west-1",
  families: { ridge: { contentHash: "0123", digest } },
};

test("a built image is named by its digest", () => {
  const image = jobImage("ridge", "0123", record);
  expect(image).toBe(`111122223333.dkr.ecr.eu-west-1.amazonaws.com/millrace/ridge@${digest}`);
  expect(undeployable(image, "111122223333", "eu-west-1")).toBeUndefined();
});

test.each([
  ["never built in this stage", jobImage("ridge", "0123", undefined), "not built"],
  ["of a family without an image", jobImage("other", "0123", record), "not built"],
  ["built from other files", jobImage("ridge", "4567", record), "older than its files"],
  ["named by a tag", "111122223333.dkr.ecr.eu-west-1.amazonaws.com/millrace/ridge:latest", "digest"],
  [
    "in another account",
    jobImage("ridge", "0123", { ...record, account: "999999999999" }),
    "another account",
  ],
  [
    "in another region",
    jobImage("ridge", "0123", { ...record, region: "us-east-1" }),
    "another account or region",
  ],
])("an image %s is not deployed", (_, image, reason) => {
  expect(undeployable(image, "111122223333", "eu-west-1")).toContain(reason);
});

test("the registry of a region in China has its own domain", () => {
  expect(jobImage("ridge", "0123", { ...record, region: "cn-north-1" })).toContain(
    ".cn-north-1.amazonaws.com.cn/",
  );
});
