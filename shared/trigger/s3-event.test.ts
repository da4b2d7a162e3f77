import { sampleBody } from "../../test/sample-event.ts";
import { objectsIn, S3EventError } from "./s3-event.ts";

describe("an S3 notification", () => {
  it("contains the object that landed, with its version and time", () => {
    expect(objectsIn(sampleBody("object-created"))).toEqual([
      {
        uri: "s3://millrace-dev-data-123456789012/raw/ridge/october.csv",
        bucket: "millrace-dev-data-123456789012",
        key: "raw/ridge/october.csv",
        versionId: "096fKKXTRTtl3on89fVO.nfljtsv6qko",
        sequencer: "0055AED6DCD90281E5",
        bytes: 4096,
        at: "2021-10-04T16:21:00.123Z",
      },
    ]);
  });

  it("contains a key as its uploader wrote it: spaces, plus, percent, accents", () => {
    const [object] = objectsIn(sampleBody("object-created-odd-key"));
    expect(object?.key).toBe("raw/ridge/my data + 50% café 日本 #?.csv");
  });

  it.each(["s3-test-event", "object-created-folder-marker", "object-removed"])(
    "contains nothing for %s",
    (name) => {
      expect(objectsIn(sampleBody(name))).toEqual([]);
    },
  );

  it.each([
    ["invalid JSON", "hello"],
    ["another event", '{"Records":[{"dynamodb":{}}]}'],
  ])("that is %s is an error that shows it", (_what, body) => {
    expect(() => objectsIn(body)).toThrow(S3EventError);
  });
});
