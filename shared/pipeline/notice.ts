import * as z from "zod";
import {
  type DefinitionProblem,
  type HookState,
  type NoticeNode,
  type NoticeTarget,
  noticeNode,
} from "./graph.ts";
import { type Mistaken, mistakesIn } from "./known-options.ts";

/** Who is notified about which ends of a run. */
export type Notice = Mistaken & {
  readonly on: readonly HookState[];
  readonly stages?: readonly string[];
  readonly to: NoticeTarget;
};

/**
 * Notifies somebody of a run's end, once for each end. It is tried again while the receiver is down, and it never
 * changes the run.
 *
 * @param on which ends; FAILED and TIMED_OUT if omitted
 * @param stages which stages; every stage if omitted
 */
export function notice(options: {
  to: NoticeTarget;
  on?: readonly HookState[];
  stages?: readonly string[];
}): Notice {
  const { to, on = ["FAILED", "TIMED_OUT"], stages } = options;
  const mistakes = mistakesIn(options, { to: true, on: true, stages: true });
  return Object.freeze({ on, ...(stages !== undefined && { stages }), to, ...mistakes });
}

/**
 * A Slack channel, by an incoming webhook. The webhook's address is a secret, so a parameter of the stage holds it.
 *
 * @param secret the parameter `/millrace/{stage}/{secret}`; `slack-webhook` if omitted
 */
export function slack(at: { secret?: string } = {}): NoticeTarget {
  return { kind: "slack", at: { secret: "slack-webhook", ...at } };
}

/** Everyone who has subscribed to the stage's notices by e-mail. */
export function email(): NoticeTarget {
  return { kind: "email" };
}

/**
 * Any receiver of JSON over HTTPS. Its address is a `url`, which everyone who can see the graph can read, or a
 * `secret`: the parameter `/millrace/{stage}/{secret}` that holds the address, or `{ "url", "headers" }` as JSON.
 */
export function webhook(at: { url: string } | { secret: string }): NoticeTarget {
  return { kind: "webhook", at };
}

type Target<K extends NoticeTarget["kind"]> = Extract<NoticeTarget, { kind: K }>;

/** Hosts that only this machine can reach. */
const loopback: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * The problem with a webhook's address; undefined if it is valid. Only a receiver on this machine may have an address
 * without TLS.
 */
export function addressProblem(url: string): string | undefined {
  if (!URL.canParse(url)) return "is no URL; it is like https://example.com/hook";
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== "" || password !== "") {
    return "has a user or password in it; send an authorization header, from a secret";
  }
  if (protocol === "https:" || (protocol === "http:" && loopback.has(hostname))) return undefined;
  return "is not https://; what a notice tells is not for everybody on the way";
}

function webhookProblem({ at }: Target<"webhook">): string | undefined {
  if (!("url" in at)) return undefined;
  const problem = addressProblem(at.url);
  const { host } = URL.canParse(at.url) ? new URL(at.url) : { host: at.url };
  // The message shows only the host: the rest of the address may be a secret.
  if (problem !== undefined) return `"${host}" ${problem}`;
  if (host !== "hooks.slack.com") return undefined;
  return "is a Slack webhook, whose address is a secret: take slack(), and keep it in a parameter";
}

const noProblem = () => undefined;

/** The problem with a target's address, by kind; undefined if it is valid. */
const addressProblems: { readonly [K in NoticeTarget["kind"]]: (to: Target<K>) => string | undefined } = {
  slack: noProblem,
  email: noProblem,
  webhook: webhookProblem,
};

function checkUrl<K extends NoticeTarget["kind"]>(to: { kind: K } & Target<K>): string | undefined {
  const check: (to: Target<K>) => string | undefined = addressProblems[to.kind];
  return check(to);
}

/** An end that two notices would both send to the same receiver. */
function duplicateState(one: NoticeNode, other: NoticeNode): HookState | undefined {
  if (JSON.stringify(one.to) !== JSON.stringify(other.to)) return undefined;
  const { stages } = one;
  const meet = stages === undefined || (other.stages?.some((each) => stages.includes(each)) ?? true);
  return meet ? one.on.find((state) => other.on.includes(state)) : undefined;
}

/** A pipeline's notices as its graph has them. Each gets a name: `slack`, `slack-2` and so on. */
export function noticeNodes(notices: readonly Notice[]): NoticeNode[] {
  const counts = new Map<string, number>();
  return notices.map(({ on, stages, to }) => {
    const count = (counts.get(to.kind) ?? 0) + 1;
    counts.set(to.kind, count);
    const name = count === 1 ? to.kind : `${to.kind}-${count}`;
    return { name, on: [...on], ...(stages !== undefined && { stages: [...stages] }), to };
  });
}

/** Everything that is wrong with a pipeline's notices. */
export function checkNotices(notices: readonly Notice[]): DefinitionProblem[] {
  const nodes = noticeNodes(notices);
  return nodes.flatMap((node, place) => {
    const field = `notices.${place}`;
    const { error } = noticeNode.safeParse(node);
    const mistakes = notices[place]?.mistakes ?? [];
    const problems: DefinitionProblem[] = mistakes.map((problem) => ({ field, problem }));
    if (error !== undefined) return [...problems, { field, problem: z.prettifyError(error) }];
    const url = checkUrl(node.to);
    if (url !== undefined) problems.push({ field: `${field}.to.url`, problem: url });
    for (const [earlier, other] of nodes.slice(0, place).entries()) {
      const state = duplicateState(other, node);
      if (state === undefined) continue;
      problems.push({
        field,
        problem: `tells of ${state} whom notices.${earlier} tells already; leave it out of one`,
      });
    }
    return problems;
  });
}
