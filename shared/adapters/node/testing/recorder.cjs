"use strict";

const { writeSync } = require("node:fs");

/** Writes what a watch thread records to the process's output. */
exports.endBlocked = async ({ blockedFor, held, running }) => {
  console.log("a line of the thread's own log");
  await new Promise((resolve) => setTimeout(resolve, 50));
  const names = (steps) => steps.map(({ step }) => step);
  writeSync(1, JSON.stringify({ isBlocked: blockedFor >= 300, held: names(held), running: names(running) }));
};
