const { default: Sequencer } = require("@jest/test-sequencer");

/**
 * Starts with the tests on a stack of their own: they wait for longest, though their files are small, and nothing is left
 * to fill the other worker's time where one of them comes last. The others follow in jest's own order.
 */
module.exports = class extends Sequencer {
  sort(tests) {
    const isLong = ({ path }) => path.includes("/test/e2e/");
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
};
