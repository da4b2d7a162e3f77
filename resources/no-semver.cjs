"use strict";

/**
 * Replaces semver, which is a fourteenth of the step worker's bundle. The X-Ray SDK compares versions only when it
 * captures version 2 of the AWS SDK, which is not here. resources/esbuild.yml uses this file.
 */
exports.gte = () => {
  throw new Error("capture clients of the AWS SDK of version 3: captureAWSv3Client");
};
