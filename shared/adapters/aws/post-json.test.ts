import { once } from "node:events";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { epochStart } from "../../../test/factories.ts";
import {
  closesEarly,
  drips,
  floods,
  hangs,
  resets,
  status,
  TestReceiver,
} from "../../../test/notice/receiver.ts";
import { selfSigned } from "../../../test/notice/self-signed.ts";
import { NoticeDelayedError, NoticeFailedError, NoticeRefusedError } from "../../ports/notifier.ts";
import { postJson, type Receiver } from "./post-json.ts";

const receiver = new TestReceiver();
beforeAll(() => receiver.start());
afterAll(() => receiver.stop());

/** The part of the address that must stay secret. */
const secret = "T0SECRET/B0SECRET";

/** The outcome of posting: the error, or undefined. */
async function outcome(to: Partial<Receiver> = {}): Promise<Error | undefined> {
  const at = { name: "the receiver", url: receiver.url(`/${secret}`), headers: {}, ...to };
  try {
    await postJson(at, { hello: "wörld" }, receiver.patience(), epochStart);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

describe("posting JSON", () => {
  test("sends the value, with the receiver's headers in place of the defaults", async () => {
    receiver.behave(status(204));
    expect(await outcome({ headers: { authorization: "Bearer x", "Content-Type": "text/json" } })).toBe(
      undefined,
    );
    expect(receiver.received).toMatchObject([
      { method: "POST", path: `/${secret}`, body: '{"hello":"wörld"}' },
    ]);
    expect(receiver.received[0]?.headers).toMatchObject({
      authorization: "Bearer x",
      "content-type": "text/json",
      "user-agent": "millrace",
    });
  });

  test.each([
    ["500", status(500, "rollup_error"), "the receiver answered 500 Internal Server Error (rollup_error)"],
    ["408", status(408), "the receiver answered 408 Request Timeout"],
    ["a response that breaks off", closesEarly, "the receiver answered 500 Internal Server Error"],
    ["an endless response", floods(503), "the receiver answered 503 Service Unavailable"],
    ["a response that drips", drips, "the receiver answered 500 Internal Server Error"],
    ["a reset connection", resets, "the receiver cannot be reached: ECONNRESET"],
    ["no response", hangs, "the receiver did not answer in time"],
  ])("that is answered with %s may be retried", async (_name, behaviour, message) => {
    receiver.behave(behaviour);
    const error = await outcome();
    expect(error).toBeInstanceOf(NoticeFailedError);
    expect(error?.message).toMatch(new RegExp(`^${message.replace(/[()]/g, "\\$&")}`));
  });

  test.each([200, 500])("reads only the start of an endless answer with status %d", async (code) => {
    receiver.behave(floods(code));
    const at = { name: "the receiver", url: receiver.url(), headers: {} };
    // Nothing else ends it: the answer has no end, and the signal never comes.
    await postJson(at, null, new AbortController().signal, epochStart).catch(() => undefined);
  });

  test("succeeds with an endless answer of status 200", async () => {
    receiver.behave(floods(200));
    expect(await outcome()).toBe(undefined);
  });

  test.each([
    [400, "invalid_payload"],
    [401, "invalid_token"],
    [403, "action_prohibited"],
    [404, "no_service"],
    [410, "channel_is_archived"],
    [413, ""],
  ])("that is answered with status %d fails for good", async (code, word) => {
    receiver.behave(status(code, word));
    const error = await outcome();
    expect(error).toBeInstanceOf(NoticeRefusedError);
    expect(error?.message).toContain(word === "" ? "413" : `(${word})`);
  });

  test.each([301, 302, 307, 308])("does not follow a redirect (%d)", async (code) => {
    receiver.behave(status(code, "", { location: receiver.url("/elsewhere") }));
    const error = await outcome();
    expect(error).toBeInstanceOf(NoticeRefusedError);
    expect(error?.message).toContain("redirects are not followed");
    expect(receiver.received).toHaveLength(1);
  });

  test.each([
    [429, "7", 7],
    [503, "0", 0],
    [429, new Date(epochStart + 90_000).toUTCString(), 90],
    [429, new Date(epochStart - 90_000).toUTCString(), 0],
    [429, "86400000", 3600],
  ])("that is answered %d with Retry-After %s is retried after %d s", async (code, retryAfter, seconds) => {
    receiver.behave(status(code, "", { "retry-after": retryAfter }));
    const error = await outcome();
    expect(error).toBeInstanceOf(NoticeDelayedError);
    expect(error).toMatchObject({ retryAfter: seconds });
  });

  test.each(["soon", ""])("ignores Retry-After %p", async (retryAfter) => {
    receiver.behave(status(429, "", { "retry-after": retryAfter }));
    expect(await outcome()).toBeInstanceOf(NoticeFailedError);
  });

  test.each([
    ["an unknown host name", "https://nobody.invalid/", "E"],
    ["a port that browsers refuse", "https://127.0.0.1:22/", "no connection"],
  ])("to %s may be retried", async (_name, url, code) => {
    const error = await outcome({ url: `${url}${secret}` });
    expect(error).toBeInstanceOf(NoticeFailedError);
    expect(error?.message).toContain(`cannot be reached: ${code}`);
  });

  test("to a server without TLS may be retried", async () => {
    const error = await outcome({ url: `https://127.0.0.1:${receiver.port}/${secret}` });
    expect(error).toBeInstanceOf(NoticeFailedError);
    expect(error?.message).toMatch(/cannot be reached: (ERR_SSL|EPROTO)/);
  });

  test("to a port without a listener may be retried", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const error = await outcome({ url: `https://127.0.0.1:${port}/` });
    expect(error).toBeInstanceOf(NoticeFailedError);
    expect(error?.message).toContain("cannot be reached: ECONNREFUSED");
  });

  test("to a server with an untrusted certificate sends nothing, and may be retried", async () => {
    let requests = 0;
    const server = createTlsServer(selfSigned(), () => {
      requests += 1;
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const error = await outcome({ url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/` });
    server.close();
    expect(error).toBeInstanceOf(NoticeFailedError);
    expect(error?.message).toContain("cannot be reached: DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(requests).toBe(0);
  });

  test("never shows the address, whatever the response", async () => {
    const echo = status(404, receiver.url(`/${secret}`));
    for (const behaviour of [
      echo,
      status(500, secret),
      status(302, secret, { location: `/${secret}` }),
      resets,
      hangs,
    ]) {
      receiver.behave(behaviour);
      const error = await outcome();
      expect(error).toBeInstanceOf(Error);
      expect(
        `${error?.message} ${error?.stack} ${JSON.stringify(error)} ${String(error?.cause)}`,
      ).not.toContain("SECRET");
    }
    for (const url of [
      `https://a:${secret}@[`,
      `https://127.0.0.1:9/${secret}`,
      `https://user:${secret}@example.com/`,
    ]) {
      const error = await outcome({ url });
      expect(`${error?.message} ${error?.stack} ${String(error?.cause)}`).not.toContain("SECRET");
    }
  });
});
