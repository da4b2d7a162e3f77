import { ListSubscriptionsByTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { GetParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { pipelines } from "../../pipelines/index.ts";
import { catalogueOf } from "../../shared/app/catalogue.ts";
import type { NoticeNode } from "../../shared/pipeline/graph.ts";
import type { Target } from "../readers/target.ts";
import { type Finding, fail, ok, type Stage, warn } from "./finding.ts";

/** The notices for a stage in this checkout, each with its pipeline. */
export function noticesFor(stage: string): (NoticeNode & { pipeline: string })[] {
  return [...catalogueOf(pipelines).values()].flatMap(({ name: pipeline, graph }) =>
    (graph.notices ?? [])
      .filter(({ stages }) => stages?.includes(stage) ?? true)
      .map((notice) => ({ ...notice, pipeline })),
  );
}

/** Max. number of names in one GetParameters call (API reference). */
const maxNames = 10;

/** Checks whether the secrets that notices need are there. Doesn't read their values. */
export async function checkSecrets({ stage, config }: Target): Promise<Finding[]> {
  const wanted = new Map<string, string>();
  for (const { to, pipeline } of noticesFor(stage)) {
    if (to.kind !== "email" && "secret" in to.at) wanted.set(`/millrace/${stage}/${to.at.secret}`, pipeline);
  }
  const names = [...wanted.keys()];
  const client = new SSMClient(config);
  const missing: string[] = [];
  for (let from = 0; from < names.length; from += maxNames) {
    const request = new GetParametersCommand({ Names: names.slice(from, from + maxNames) });
    missing.push(...((await client.send(request)).InvalidParameters ?? []));
  }
  if (missing.length === 0) {
    return [
      ok(
        "secrets",
        names.length === 0 ? "no notice of this stage needs one" : `${names.length} of notices, all there`,
      ),
    ];
  }
  return missing.map((name) =>
    fail(
      "secrets",
      `${name} is missing: notices of ${wanted.get(name)} reach nobody`,
      `keep the address there: \`aws ssm put-parameter --type SecureString --name ${name} --value …\` (docs/notices.md)`,
    ),
  );
}

/** The findings about the subscriptions of a stage's topic, which receive notices by e-mail. */
export function subscriptionFindings(
  topic: string,
  mailers: readonly string[],
  subscriptions: readonly { arn: string; endpoint: string }[],
): Finding[] {
  const pending = subscriptions.filter(({ arn }) => arn === "PendingConfirmation");
  const unconfirmed = pending.map(({ endpoint }) =>
    warn(
      "subscriptions",
      `${endpoint} has not confirmed`,
      "follow the link in the mail that AWS sent; subscribe again if it is gone",
    ),
  );
  if (mailers.length > 0 && subscriptions.length === pending.length) {
    const remedy = `subscribe: \`aws sns subscribe --topic-arn ${topic} --protocol email --notification-endpoint you@example.com\``;
    return [
      ...unconfirmed,
      warn("subscriptions", `notices by e-mail of ${mailers.join(", ")} reach nobody`, remedy),
    ];
  }
  if (unconfirmed.length > 0) return unconfirmed;
  return [
    ok(
      "subscriptions",
      mailers.length === 0
        ? "no notice of this stage is by e-mail"
        : `${subscriptions.length}, all confirmed`,
    ),
  ];
}

/** Checks whether anybody gets the notices by e-mail. */
export async function checkSubscriptions({ target, environment }: Stage): Promise<Finding[]> {
  const client = new SNSClient(target.config);
  const { NOTICE_TOPIC_ARN: TopicArn } = environment;
  const { Subscriptions = [] } = await client.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
  const mailers = noticesFor(target.stage).filter(({ to }) => to.kind === "email");
  return subscriptionFindings(
    TopicArn,
    [...new Set(mailers.map(({ pipeline }) => pipeline))],
    Subscriptions.map(({ SubscriptionArn: arn = "", Endpoint: endpoint = "" }) => ({ arn, endpoint })),
  );
}
