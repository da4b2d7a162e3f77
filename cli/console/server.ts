import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as z from "zod";
import { addressOf, fieldsIn } from "../../shared/console/address.ts";
import type { LoopbackContext } from "../../shared/console/event.ts";
import { withFields } from "../../shared/console/form-values.ts";
import { changePath } from "../../shared/console/host/loopback-host.ts";
import { type PageTarget, pageNames } from "../../shared/console/page-request.ts";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { explained } from "../errors.ts";
import { confirmPage, failurePage, type Look } from "./local-page.ts";
import { type Reply, sendElsewhere, sendPage } from "./reply.ts";
import { Session } from "./session.ts";

/** Invokes a function of the stage with the person's own credentials. */
export type Invoke = (name: "console" | "console-act", payload: unknown) => Promise<unknown>;

/** A console that listens. */
export type RunningConsole = {
  /** Opens the console once. A person who has it can use the credentials of the person who started the console. */
  readonly address: string;
  /** The same with another page than the first one. */
  addressOf(to: PageTarget): string;
  readonly port: number;
  /** Takes no more requests, and resolves when those under way are answered. */
  close(): Promise<void>;
};

/** Bytes that a form may have. */
const maxForm = 100_000;

/** What the functions answer. */
const answered = z.object({ title: z.string(), html: z.string() });
const change = z.record(z.string(), z.json());

async function bodyOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = z.instanceof(Buffer).parse(chunk);
    bytes += part.length;
    if (bytes > maxForm) throw new MillraceError("REQUEST_INVALID", `a form has more than ${maxForm} bytes`);
    chunks.push(part);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

const theme = z.enum(["light", "dark"]).optional().catch(undefined);

/** How pages look, from the parameters that every address keeps. */
function lookOf(get: (name: string) => string | null): Look {
  const tz = get("tz");
  const wanted = theme.parse(get("theme") ?? undefined);
  return { ...(tz !== null && tz !== "" && { tz }), ...(wanted !== undefined && { theme: wanted }) };
}

function refused(what: string, remedy: string): MillraceError {
  return new MillraceError("REQUEST_INVALID", what, { remedy });
}

/** Answers the requests of one console. */
class Console {
  private readonly stage: string;
  private readonly invoke: Invoke;
  private readonly session: Session;
  private readonly hosts: ReadonlySet<string>;

  constructor(stage: string, invoke: Invoke, session: Session, port: number) {
    this.stage = stage;
    this.invoke = invoke;
    this.session = session;
    this.hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  }

  private place(look: Look) {
    return { stage: this.stage, token: this.session.token, look };
  }

  private context(look: Look): LoopbackContext {
    return { token: this.session.token, kept: { ...look } };
  }

  private async page(name: "console" | "console-act", payload: object, look: Look): Promise<Reply> {
    const page = answered.parse(await this.invoke(name, { ...payload, loopback: this.context(look) }));
    return { status: 200, theme: look.theme ?? "light", ...page };
  }

  /** The page at an address. */
  private async shown(url: URL, look: Look): Promise<Reply> {
    const name = url.pathname.slice(1);
    const known = url.pathname === "/" || pageNames.some((page) => page === name);
    if (!known) {
      const error = refused(`there is no page at ${url.pathname}`, "Use the links above.");
      return failurePage(this.place(look), 404, "No such page", error);
    }
    const fields = [...url.searchParams].filter(([field]) => !["tz", "theme"].includes(field));
    const request = { ...fieldsIn(fields), ...(name !== "" && { page: name }) };
    return this.page("console", request, look);
  }

  /** A change that a form requests: first a page to confirm it, then the change. */
  private async changed(request: IncomingMessage): Promise<Reply> {
    const form = await bodyOf(request);
    const look = lookOf((name) => form.get(`kept.${name}`));
    if (!this.session.isForm(form.get("token"))) {
      const error = refused("this form is not of this console", "Open the page again and use its button.");
      return failurePage(this.place(look), 403, "Refused", error);
    }
    if (form.get("confirmed") !== "yes")
      return confirmPage(this.place(look), form.get("confirm") ?? "", form);
    const given = change.parse(JSON.parse(form.get("request") ?? "{}"));
    const fields = [...form].flatMap(([name, text]) =>
      name.startsWith("field.") ? [[name.slice("field.".length), text] as const] : [],
    );
    return this.page("console-act", { act: withFields(given, Object.fromEntries(fields)) }, look);
  }

  private async replyTo(request: IncomingMessage, url: URL, look: Look): Promise<Reply> {
    const { method, headers } = request;
    if (!this.session.knows(headers.cookie)) {
      const error = refused(
        "this browser has not opened the console with its address, or the address was used before",
        "Start `npx millrace console` again and open the address that it prints.",
      );
      return failurePage(this.place(look), 403, "Not opened yet", error);
    }
    if (method === "GET") return this.shown(url, look);
    const isOwn = headers.origin !== undefined && headers.origin === `http://${headers.host}`;
    if (method === "POST" && url.pathname === changePath && isOwn) return this.changed(request);
    const error = refused(
      `${method} ${url.pathname} does not come from a page of this console`,
      "Use its buttons.",
    );
    return failurePage(this.place(look), 403, "Refused", error);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host = "" } = request.headers;
    // What is left of a form that is refused would be taken for the next request.
    response.shouldKeepAlive = false;
    if (!this.hosts.has(host)) {
      // Another site may have let its own name resolve to this address (DNS rebinding).
      const error = refused("this console answers for 127.0.0.1 only", "Open the address that it printed.");
      return sendPage(
        response,
        failurePage({ stage: this.stage, token: "", look: {} }, 421, "Refused", error),
      );
    }
    const url = new URL(request.url ?? "/", `http://${host}`);
    const entry = url.searchParams.get("token");
    if (entry !== null && request.method === "GET") {
      url.searchParams.delete("token");
      const cookie = this.session.enter(entry);
      // Browsers would take what follows two slashes for a host, so the path begins with one.
      const address = `${url.pathname.replace(/^\/+/, "/")}${url.search}`;
      if (cookie !== undefined) return sendElsewhere(response, address, cookie);
    }
    const look = lookOf((name) => url.searchParams.get(name));
    try {
      sendPage(response, await this.replyTo(request, url, look));
    } catch (error) {
      const shown = explained(error, this.stage);
      sendPage(response, failurePage(this.place(look), 502, "This page can't be shown", shown));
    }
  }
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/**
 * Serves a stage's console on 127.0.0.1.
 *
 * @param port 0 for any free one
 * @throws the system's error if the port is in use
 */
export async function startConsole(stage: string, invoke: Invoke, port: number): Promise<RunningConsole> {
  let answering: Console | undefined;
  const server = createServer((request, response) => {
    answering?.answer(request, response).catch(() => response.destroy());
  });
  const actual = await listening(server, port);
  const session = new Session(actual);
  answering = new Console(stage, invoke, session, actual);
  const entryTo = (to: PageTarget) => {
    const url = new URL(addressOf(to), `http://127.0.0.1:${actual}`);
    url.searchParams.set("token", session.entry);
    return url.href;
  };
  return {
    address: entryTo({ page: "home" }),
    addressOf: entryTo,
    port: actual,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
