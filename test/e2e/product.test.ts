/**
 * Tests of the product as it's deployed for a user. They run one after the other on one stack; the last ones kill it.
 */
import "./product/ridge-sweep.ts";
import "./product/taxi.ts";
import "./product/console.ts";
import "./product/faults.ts";
