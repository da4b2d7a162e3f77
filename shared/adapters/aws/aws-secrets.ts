import type { SSMClient } from "@aws-sdk/client-ssm";
import type { Clock } from "../../ports/clock.ts";
import { NoticeRefusedError } from "../../ports/notifier.ts";

/** Milliseconds for which a value may be reused: a parameter is read a few times an hour, not once per notice. */
const cacheMs = 300_000;

type Kept = { readonly value: string; readonly at: number };

/** Secrets of a stage: SecureString parameters, remembered for a few minutes. */
export class AwsSecrets {
  private readonly kept = new Map<string, Kept>();
  private readonly ssm: () => Promise<SSMClient>;
  private readonly clock: Clock;

  /** @param ssm provides the client when the first secret is read */
  constructor(ssm: () => Promise<SSMClient>, clock: Clock) {
    this.ssm = ssm;
    this.clock = clock;
  }

  /**
   * The value of a parameter. No error reveals it.
   *
   * @param refused a value that turned out to be invalid, so that it isn't returned from memory again
   * @throws NoticeRefusedError if there is no such parameter, or if it is not encrypted
   */
  async read(name: string, signal: AbortSignal, refused?: string): Promise<string> {
    const kept = this.kept.get(name);
    const now = this.clock.now();
    if (kept !== undefined && kept.value !== refused && now - kept.at < cacheMs) return kept.value;
    const value = await this.fetch(name, signal);
    this.kept.set(name, { value, at: now });
    return value;
  }

  private async fetch(name: string, signal: AbortSignal): Promise<string> {
    const { GetParameterCommand, ParameterNotFound } = await import("@aws-sdk/client-ssm");
    const client = await this.ssm();
    const put = `aws ssm put-parameter --type SecureString --overwrite --name ${name} --value …`;
    try {
      const command = new GetParameterCommand({ Name: name, WithDecryption: true });
      const { Parameter: parameter } = await client.send(command, { abortSignal: signal });
      if (parameter?.Type === "SecureString" && parameter.Value !== undefined) return parameter.Value;
      throw new NoticeRefusedError(`parameter ${name} is not a SecureString`, {
        remedy: `Store it as one: ${put}`,
      });
    } catch (error) {
      if (!(error instanceof ParameterNotFound)) throw error;
      throw new NoticeRefusedError(`there is no parameter ${name}`, { remedy: `Create it: ${put}` });
    }
  }
}
