"use strict";

/**
 * Parts of libraries that no Lambda function uses: a quarter of the X-Ray SDK and a sixth of zod. They are left out of
 * the bundles, because each cold start would read them. resources/esbuild.yml uses this plugin.
 */

const { readFileSync } = require("node:fs");

const nothing = () => "module.exports = {};";

/** Replacements for modules of the X-Ray SDK, by path. Each function gets the module's own source. */
const replaced = {
  // Lambda decides what is sampled and says so in each invocation's header; the SDK only needs to turn its sampling
  // off.
  "middleware/mw_utils.js": () => "module.exports = { disableCentralizedSampling() {} };",
  // Clients of version 2 of the AWS SDK.
  "patchers/aws_p.js": nothing,
  // What a trace says about the machine on EC2, ECS and Elastic Beanstalk.
  "segments/plugins/ec2_plugin.js": nothing,
  "segments/plugins/ecs_plugin.js": nothing,
  "segments/plugins/elastic_beanstalk_plugin.js": nothing,
  // Which parameters of calls a trace keeps. For S3, only those of calls on objects: the functions set up no bucket.
  "resources/aws_whitelist.json": (whitelist) => {
    const { s3, ...services } = whitelist.services;
    const operations = Object.entries(s3.operations).filter(([name]) => !name.includes("Bucket"));
    s3.operations = Object.fromEntries(operations);
    return `module.exports = ${JSON.stringify({ ...whitelist, services: { ...services, s3 } })};`;
  },
};

/**
 * Replaces zod's JSON Schema generator. Only scripts use it, although every zod schema could. The replacement has
 * functions with the same names, which throw an error that says so.
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
