import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const secret = () => randomBytes(24).toString("base64url");
const digest = (text: string) => createHash("sha256").update(text).digest();

/** Whether two texts are the same, in a time that says nothing about where they differ. */
const isSame = (a: string, b: string) => timingSafeEqual(digest(a), digest(b));

/** What proves that a request comes from the person who started the console, and from one of its pages. */
export class Session {
  /** In the address that is printed. It opens the console once. */
  readonly entry = secret();
  /** In each form. */
  readonly token = secret();
  private readonly cookie = secret();
  private readonly cookieName: string;
  private isEntered = false;

  /** @param port browsers keep cookies by host, not by port, so the name has it */
  constructor(port: number) {
    this.cookieName = `millrace-${port}`;
  }

  /** Uses up the entry; the header that sets the cookie, or undefined if the entry is wrong or used. */
  enter(entry: string): string | undefined {
    if (this.isEntered || !isSame(entry, this.entry)) return undefined;
    this.isEntered = true;
    return `${this.cookieName}=${this.cookie}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Whether a request's cookies have that of this session. */
  knows(cookies: string | undefined): boolean {
    const own = `${this.cookieName}=`;
    const found = (cookies ?? "").split(/;\s*/).find((cookie) => cookie.startsWith(own));
    return found !== undefined && isSame(found.slice(own.length), this.cookie);
  }

  /** Whether a form has this session's token. */
  isForm(token: string | null): boolean {
    return token !== null && isSame(token, this.token);
  }
}
