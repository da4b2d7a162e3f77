import type { NoticeTarget } from "../../shared/pipeline/graph.ts";
import type { Delivery, Notifier, RunNotice } from "../../shared/ports/notifier.ts";
import { aNotice } from "../factories.ts";

/** A notifier, and a way to see what arrived. */
export type NotifierUnderTest = {
  readonly notifier: Notifier;
  /** Receivers of each kind that work. */
  readonly targets: readonly NoticeTarget[];
  /** The texts that arrived at a receiver, in order. */
  arrived(to: NoticeTarget): Promise<readonly string[]>;
};

const delivery = (to: NoticeTarget, notice: RunNotice): Delivery => ({
  to,
  notice,
  key: `${notice.run.id}.1.FAILED.${to.kind}`,
});

/** What every notifier does. */
export function notifierContract(underTest: () => Promise<NotifierUnderTest>): void {
  const inTime = () => AbortSignal.timeout(30_000);

  test("a notice arrives at each kind of receiver, and names its run and the command to type", async () => {
    const { notifier, targets, arrived } = await underTest();
    expect(new Set(targets.map(({ kind }) => kind))).toEqual(new Set(["slack", "email", "webhook"]));
    for (const to of targets) {
      const notice = aNotice();
      await notifier.send(delivery(to, notice), inTime());
      const texts = await arrived(to);
      expect(texts).toHaveLength(1);
      for (const text of [
        notice.run.id,
        notice.pipeline,
        notice.stage,
        notice.error?.message,
        notice.commands.look,
      ]) {
        expect(texts[0]).toContain(text);
      }
    }
  });

  test("a repeated notice arrives again: the caller deduplicates", async () => {
    const { notifier, targets, arrived } = await underTest();
    for (const to of targets) {
      const notice = aNotice();
      await notifier.send(delivery(to, notice), inTime());
      await notifier.send(delivery(to, notice), inTime());
      expect(await arrived(to)).toHaveLength(2);
    }
  });

  test("a notice without time left is an error and does not arrive", async () => {
    const { notifier, targets, arrived } = await underTest();
    for (const to of targets) {
      await expect(notifier.send(delivery(to, aNotice()), AbortSignal.abort())).rejects.toThrow();
      expect(await arrived(to)).toEqual([]);
    }
  });
}
