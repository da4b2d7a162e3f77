"use strict";

/**
 * In place of semver, a fourteenth of the step worker's bundle: the X-Ray SDK compares versions only where it captures
 * the AWS SDK of version 2, which is not here. resources/esbuild.yml puts it in.
 */
exports.gte = () => {
  throw new Error("capture clients of the AWS SDK of version 3: captureAWSv3Client");
};
