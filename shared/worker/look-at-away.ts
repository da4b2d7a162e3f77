import type { Engine } from "../engine.ts";
import { lookAtApproval } from "../step/approval-step.ts";
import { lookAtChild } from "../step/child-step.ts";
import type { ClaimOutcome } from "../step/claim-step.ts";
import { driveMap } from "../step/map-step.ts";
import { lookForObject } from "../step/object-step.ts";
import type { StepWork } from "../step/step-work.ts";
import { endWait } from "../step/wait-step.ts";

/** A record that something other than a worker holds, as a claim meets it. */
type Away = Extract<ClaimOutcome, { kind: "away" }>["record"];

/** Looks whether what a step waits for has come: children of a map, another run, an object, a person's time. */
export async function lookAtAway(engine: Engine, work: StepWork, record: Away): Promise<void> {
  switch (record.holder) {
    case "children":
      return driveMap(engine, work, record.children);
    case "run":
      return lookAtChild(engine, work, record);
    case "object":
      return lookForObject(engine, work, record);
    case "person":
      return lookAtApproval(engine, work, record);
    case "clock":
      return endWait(engine, work, record);
    case "jobs":
      // A job tells of itself.
      return;
    default:
      return record satisfies never;
  }
}
