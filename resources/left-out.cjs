"use strict";

/**
 * Parts of libraries that no Lambda function uses, left out of the bundles, as each cold start would read them: a quarter
 * of the X-Ray SDK, a sixth of zod. resources/esbuild.yml puts this in.
 */

const { readFileSync } = require("node:fs");

const nothing = () => "module.exports = {};";

/** What stands in place of a module of the X-Ray SDK, by its path there; given what the module itself is. */
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

/**
 * What stands in place of zod's making of JSON Schemas, which only scripts ask for, though each of its schemas could:
 * functions of the same names, that say so.
 */
function saysLeftOut(path) {
  const names = [...readFileSync(path, "utf8").matchAll(/^export (?:function|const) (\w+)/gm)].map(
    ([, name]) => name,
  );
  const said = "JSON Schemas are made by scripts alone: resources/left-out.cjs";
  return `function leftOut() { throw new Error("${said}"); }\nexport { ${names.map((name) => `leftOut as ${name}`)} };`;
}

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
      build.onLoad(
        { filter: /zod[\\/]v4[\\/]core[\\/](to-json-schema|json-schema-processors)\.js$/ },
        ({ path }) => ({
          contents: saysLeftOut(path),
          loader: "js",
        }),
      );
    },
  },
];
