"use strict";

const { isTimeZone } = require("../shared/pipeline/time-zone.ts");

/**
 * The stage's time zone, checked before anything is packaged: an invalid one would stop every function at its start.
 */
exports.timezone = async ({ resolveVariable }) => {
  const stage = await resolveVariable("sls:stage");
  const timezone = await resolveVariable(`self:custom.stages.${stage}.timezone`);
  if (typeof timezone === "string" && isTimeZone(timezone)) return timezone;
  throw new Error(
    `custom.stages.${stage}.timezone is ${JSON.stringify(timezone)}, which is not a time zone; it takes a name such as Europe/Berlin`,
  );
};
