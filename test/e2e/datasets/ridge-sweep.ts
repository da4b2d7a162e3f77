import { GetQueueUrlCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import type { DeployedService } from "../deployed-service.ts";
import { r2ByAlpha } from "../ridge-results.ts";
import { datasets } from "./service.ts";

let service: DeployedService;
beforeAll(() => {
  service = datasets();
});

/** A CSV of x and y on a line with some noise, the same each time. */
function line(header: string, slope = 3): string {
  const rows = Array.from({ length: 40 }, (_, row) => `${row / 4},${slope * (row / 4) + 1 + Math.sin(row)}`);
  return [header, ...rows].join("\n");
}

describe("ridge-sweep", () => {
  it("starts one run for a dropped file, whatever its name and however often it is reported, and another for a new version", async () => {
    const key = "raw/ridge/my data + 50% café 日本 #?.csv";
    const uri = `s3://${service.bucket}/${key}`;
    const version = await service.drop(key, line("x,y"));
    const [first] = await service.runsFor(uri, 1);
    if (first === undefined) throw new Error("no run");
    expect(first.params).toMatchObject({ source: { uri, versionId: version } });
    // The same event four more times, as SQS may deliver it.
    const { QueueUrl } = await service.sqs.send(
      new GetQueueUrlCommand({ QueueName: "millrace-local-triggers" }),
    );
    const event = {
      Records: [
        {
          eventName: "ObjectCreated:Put",
          eventTime: first.scheduledAt,
          s3: {
            bucket: { name: service.bucket },
            object: { key: encodeURIComponent(key), size: 10, versionId: version },
          },
        },
      ],
    };
    for (let copy = 0; copy < 4; copy += 1) {
      await service.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(event) }));
    }
    // Send what must be ignored before the new version. Once that version has started a run, this has been handled.
    await service.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"Event":"s3:TestEvent"}' }));
    await service.drop("raw/ridge/folder/", "");
    const newer = await service.drop(key, line("", 5).trim());
    const second = (await service.runsFor(uri, 2)).find(({ runId }) => runId !== first.runId);
    expect(second?.params).toMatchObject({ source: { uri, versionId: newer } });
    const ends = await Promise.all(
      (await service.runsFor(uri, 2)).map(({ runId }) => service.finished(runId)),
    );
    expect(ends.map(({ state }) => state)).toEqual(["SUCCEEDED", "SUCCEEDED"]);
    expect(await service.runsFor(uri, 2)).toHaveLength(2);
    const [one, two] = await Promise.all(ends.map((run) => r2ByAlpha(service, run)));
    expect(one).not.toEqual(two);
    const { runs } = await service.store.listRuns({ pipeline: "ridge-sweep" }, 100);
    const causes = await Promise.all(
      runs.map(async ({ runId }) => (await service.store.getRun(runId))?.cause),
    );
    expect(causes.filter((cause) => cause?.kind === "object" && cause.uri.endsWith("/"))).toEqual([]);
  });
});
