/** Tests on the product as it is deployed for a user: one after the other on one stack, which the last ones kill. */
import "./product/ridge-sweep.ts";
import "./product/taxi.ts";
import "./product/faults.ts";

jest.setTimeout(400_000);
