const { default: Sequencer } = require("@jest/test-sequencer");

/**
 * Starts with the tests on a stack of their own and the other long ones, those first that take longest: nothing is left to
 * fill the other worker's time where one of them comes last. The others follow in jest's own order, which goes by the size of files when
 * it does not know their times; these are small.
 */
const first = [
  "/test/e2e/product.test.ts",
  "/test/e2e/poem-model.test.ts",
  "/test/e2e/cli.test.ts",
  "/test/e2e/",
  "/test/template.test.ts",
  "/resources/pipeline-parts.test.ts",
  "/test/simulation/",
  "/test/engine/step-cost.test.ts",
  "/test/contract/run-store.test.ts",
];

function place({ path }) {
  const found = first.findIndex((part) => path.includes(part));
  return found < 0 ? first.length : found;
}

module.exports = class extends Sequencer {
  sort(tests) {
    return super.sort(tests).toSorted((a, b) => place(a) - place(b));
  }
};
