"use strict";

/**
 * Parts of the X-Ray SDK that no Lambda function uses, left out of the bundles: a quarter of what each cold start would
 * read of it. resources/esbuild.yml puts this in.
 */

const nothing = () => "module.exports = {};";

/** What stands in place of a module of the SDK, by its path there; given what the module itself is. */
const replaced = {
  // Lambda decides what is sampled, and says so in each invocation's header; all that is asked of this is to be off.
  "middleware/mw_utils.js": () => "module.exports = { disableCentralizedSampling() {} };",
  // Clients of the AWS SDK's version 2.
  "patchers/aws_p.js": nothing,
  // What a trace says of the machine, on EC2, ECS and Elastic Beanstalk.
  "segments/plugins/ec2_plugin.js": nothing,
  "segments/plugins/ecs_plugin.js": nothing,
  "segments/plugins/elastic_beanstalk_plugin.js": nothing,
  // What a trace keeps of the parameters of calls: of those on S3's objects, as the functions set up no bucket.
  "resources/aws_whitelist.json": (whitelist) => {
    const { s3, ...services } = whitelist.services;
    const operations = Object.entries(s3.operations).filter(([name]) => !name.includes("Bucket"));
    s3.operations = Object.fromEntries(operations);
    return `module.exports = ${JSON.stringify({ ...whitelist, services: { ...services, s3 } })};`;
  },
};

module.exports = [
  {
    name: "left-out",
    setup(build) {
      build.onLoad({ filter: /aws-xray-sdk-core[\\/]dist[\\/]lib[\\/]/ }, ({ path }) => {
        const module = path.replaceAll("\\", "/").split("/dist/lib/").at(-1);
        const replacement = replaced[module];
        if (replacement === undefined) return undefined;
        return { contents: replacement(module.endsWith(".json") && require(path)), loader: "js" };
      });
    },
  },
];
