import { request as httpRequest } from "node:http";
import { attribute, elementsOf, pageText } from "../../test/console/elements.ts";
import { consoleStage } from "../../test/console/fixtures.ts";
import { begin } from "../../test/engine/driving.ts";
import { type RunningConsole, startConsole } from "./server.ts";

type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: string };

const stage = consoleStage();
let fails: Error | undefined;
let running: RunningConsole;
let cookie: string;
let runId: string;

const send = (
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
) =>
  new Promise<Answer>((resolve, reject) => {
    const { method = "GET", headers = {}, body } = options;
    const sent = httpRequest({ host: "127.0.0.1", port: running.port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });

const open = (path: string) => send(path, { headers: { cookie } });

/** The fields of the form with a button. */
function formOf(html: string, text: string): [string, string][] {
  const form = elementsOf(html).find((element) => element.tagName === "form" && buttonText(element) === text);
  if (form === undefined) throw new Error(`no form "${text}"`);
  const inputs = form.childNodes.filter(
    (node): node is typeof form => "tagName" in node && node.tagName === "input",
  );
  return inputs.map((input) => [attribute(input, "name") ?? "", attribute(input, "value") ?? ""]);
}

function buttonText(form: ReturnType<typeof elementsOf>[number]): string {
  const button = form.childNodes.find(
    (node): node is typeof form => "tagName" in node && node.tagName === "button",
  );
  return button?.childNodes.map((node) => ("value" in node ? node.value : "")).join("") ?? "";
}

function post(fields: readonly (readonly [string, string])[], headers: Record<string, string> = {}) {
  const body = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString();
  const origin = `http://127.0.0.1:${running.port}`;
  const type = { "content-type": "application/x-www-form-urlencoded" };
  return send("/act", { method: "POST", headers: { cookie, origin, ...type, ...headers }, body });
}

beforeAll(async () => {
  const functions = { console: stage.console, "console-act": stage.act };
  running = await startConsole(
    "local",
    async (name, payload) => {
      if (fails !== undefined) throw fails;
      return JSON.parse(JSON.stringify(await functions[name](payload)));
    },
    0,
  );
  const { status, headers } = await send(new URL(running.address).pathname + new URL(running.address).search);
  expect([status, headers.location]).toEqual([303, "/"]);
  cookie = String(headers["set-cookie"]).split(";")[0] ?? "";
  runId = await begin(stage.memory, "scores");
});

afterAll(() => running.close());

test("the address opens the console once", async () => {
  const url = new URL(running.address);
  const again = await send(url.pathname + url.search);
  expect(again.status).toBe(403);
  expect(pageText(again.body)).toContain("the address was used before");
  expect(again.headers["set-cookie"]).toBeUndefined();
});

test("an address may name the page that it opens", async () => {
  const other = await startConsole("local", async () => ({}), 0);
  const answer = await fetch(other.addressOf({ page: "run", runId, tab: "log" }), { redirect: "manual" });
  expect([answer.status, answer.headers.get("location")]).toEqual([303, `/run?runId=${runId}&tab=log`]);
  await other.close();
});

test("the cookie is sent to this console only, and no script can read it", async () => {
  const other = await startConsole("local", async () => ({}), 0);
  const answer = await fetch(other.address, { redirect: "manual" });
  expect(answer.headers.get("set-cookie")).toMatch(
    /^millrace-\d+=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  await other.close();
});

test("without the cookie, or with a wrong one, nothing is shown", async () => {
  for (const headers of [{}, { cookie: `${cookie}x` }, { cookie: "millrace=1" }]) {
    const { status, body } = await send(`/run?runId=${runId}`, { headers });
    expect(status).toBe(403);
    expect(body).not.toContain("scores");
  }
});

test("another name that leads to this machine is refused, even with the cookie", async () => {
  for (const host of ["example.org", `example.org:${running.port}`, "127.0.0.1:1"]) {
    expect((await send("/runs", { headers: { cookie, host } })).status).toBe(421);
  }
});

test("pages forbid scripts, frames, sniffing and storing, and their style sheet has the nonce", async () => {
  const { status, headers, body } = await open("/runs");
  expect(status).toBe(200);
  const policy = String(headers["content-security-policy"]);
  const [, nonce = "none"] = /style-src 'nonce-([\w-]+)'/.exec(policy) ?? [];
  expect(policy).toBe(
    `default-src 'none'; style-src 'nonce-${nonce}'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  );
  expect(body).toContain(`<style nonce="${nonce}">`);
  expect(body.match(/<style/g)).toHaveLength(1);
  expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
  expect((await open("/runs")).headers["content-security-policy"]).not.toBe(policy);
});

test("addresses keep filters, tabs, time zone and theme", async () => {
  const { body } = await open(`/run?runId=${runId}&tab=timeline&tz=Asia/Tokyo&theme=dark`);
  expect(pageText(body)).toContain("From the request to the end");
  expect(pageText(body)).toContain("2021-10-05 01:21");
  expect(body).toContain('class="mr mr-dark"');
  const links = elementsOf(body).flatMap((element) => attribute(element, "href") ?? []);
  expect(links.every((link) => link.includes("tz=Asia%2FTokyo") && link.includes("theme=dark"))).toBe(true);
});

test("the boxes of the list belong to the form below it, and a list of ticked runs opens their preview", async () => {
  const { body } = await open("/runs");
  const elements = elementsOf(body);
  const box = elements.find((element) => attribute(element, "type") === "checkbox");
  const form = elements.find((element) => attribute(element, "id") === (box && attribute(box, "form")));
  expect(form && attribute(form, "action")).toBe("/chosen");
  expect(box && attribute(box, "value")).toBe(runId);
  const preview = pageText((await open(`/chosen?runs=${runId}&runs=r2`)).body);
  expect(preview).toContain("2 chosen runs");
  expect(preview).toContain(`npx millrace run ${runId} --json`);
});

test("the page that asks shows what was typed", async () => {
  const fields = formOf((await open(`/run?runId=${runId}`)).body, "Change tags");
  const asked = await post([...fields, ["field.add", "team:growth"], ["field.remove", ""]]);
  expect(pageText(asked.body)).toContain("add team:growth");
  expect(pageText(asked.body)).not.toContain("remove");
});

test("a change asks first, and is made once it is confirmed", async () => {
  const { body } = await open(`/run?runId=${runId}`);
  const first = await post(formOf(body, "Pause"));
  expect(pageText(first.body)).toContain(`Pause run ${runId} of scores?`);
  expect((await stage.memory.store.getRun(runId))?.state).toBe("RUNNING");
  const second = await post(formOf(first.body, "Yes, do it"));
  expect(pageText(second.body)).toContain(`Run ${runId} is now PAUSED.`);
  expect((await stage.memory.store.getRun(runId))?.state).toBe("PAUSED");
});

describe("a form is refused, and nothing is changed", () => {
  const confirmed = async () => {
    const { body } = await open(`/run?runId=${runId}`);
    return [...formOf(body, "Resume"), ["confirmed", "yes"] as [string, string]];
  };
  afterEach(async () => expect((await stage.memory.store.getRun(runId))?.state).toBe("PAUSED"));

  test("without its token, or with another", async () => {
    const fields = await confirmed();
    const others = fields.filter(([name]) => name !== "token");
    expect((await post(others)).status).toBe(403);
    expect((await post([...others, ["token", "x"]])).status).toBe(403);
  });

  test("from another site, and from none", async () => {
    const fields = await confirmed();
    for (const origin of ["https://example.org", "null", `http://localhost:1`, ""])
      expect((await post(fields, { origin })).status).toBe(403);
  });

  test("without the cookie", async () => {
    expect((await post(await confirmed(), { cookie: "" })).status).toBe(403);
  });

  test("by another method, or at another address", async () => {
    const { body } = await open(`/run?runId=${runId}`);
    const query = new URLSearchParams(formOf(body, "Resume")).toString();
    expect((await open(`/act?${query}&confirmed=yes`)).status).toBe(404);
    expect((await send("/runs", { method: "DELETE", headers: { cookie } })).status).toBe(403);
  });

  test("if it is larger than a form can be", async () => {
    const { status, body } = await post([...(await confirmed()), ["more", "x".repeat(200_000)]]);
    expect(status).toBe(502);
    expect(pageText(body)).toContain("a form has more than 100000 bytes");
  });
});

test("an address that is no page is a page that says so", async () => {
  const { status, body } = await open("/favicon.ico");
  expect(status).toBe(404);
  expect(pageText(body)).toContain("there is no page at /favicon.ico");
});

test("an error of the credentials or of a function is a page with a remedy", async () => {
  fails = Object.assign(new Error("expired"), { name: "ExpiredTokenException" });
  const { status, body } = await open("/runs");
  fails = undefined;
  expect(status).toBe(502);
  expect(pageText(body)).toContain("AWS_CREDENTIALS_REFUSED");
  expect(pageText(body)).toContain("What to do:");
});

test("it listens on the loopback interface only", async () => {
  expect(new URL(running.address).hostname).toBe("127.0.0.1");
  await expect(fetch(`http://[::1]:${running.port}/`)).rejects.toThrow();
});
