import { templateReport } from "./template-limits.ts";

/** A template with this many job definitions, besides a function and a role. */
function template({
  families = 1,
  versions = "{}",
  secrets = 0,
}: {
  families?: number;
  versions?: string;
  secrets?: number;
}) {
  const jobs = Array.from({ length: families }, (_, place) => [
    `Family${place}JobDefinition`,
    { Type: "AWS::Batch::JobDefinition", Properties: { JobDefinitionName: `millrace-prod-family-${place}` } },
  ]);
  const parameter = {
    "Fn::Sub": `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter/name`,
  };
  return {
    Resources: {
      ...Object.fromEntries(jobs),
      StepLambdaFunction: {
        Type: "AWS::Lambda::Function",
        Properties: { Environment: { Variables: { STAGE: "prod", JOB_VERSIONS: versions } } },
      },
      JobRole: {
        Type: "AWS::IAM::Role",
        Properties: {
          Policies: [
            {
              PolicyName: "objects-of-runs",
              PolicyDocument: { Statement: [{ Resource: Array(secrets).fill(parameter) }] },
            },
          ],
        },
      },
    },
  };
}

describe("the report on a template's size", () => {
  it("shows how many resources and bytes a stack has, and its limits", () => {
    expect(templateReport(template({}))).toEqual({
      summary: "Template: 3 of 500 resources, 0 of 1,000 KB",
      warnings: [],
      errors: [],
    });
  });

  it.each([
    [398, 0, 0],
    [399, 1, 0],
    [498, 1, 0],
    [499, 0, 1],
  ])(
    "of a stack with %d families and two other resources has %d warnings and %d errors",
    (families, warnings, errors) => {
      const report = templateReport(template({ families }));
      expect([report.warnings.length, report.errors.length]).toEqual([warnings, errors]);
    },
  );

  it("names what uses a limit, with a remedy", () => {
    const [error = ""] = templateReport(template({ families: 600 })).errors;
    expect(error).toContain(
      "resources of the stack: 602 of 500 (120 %). Most are of 600 AWS::Batch::JobDefinition",
    );
    expect(error).toContain("put job families that nobody uses out of batch-jobs/");
  });

  it("refuses a template of more than 1 MB", () => {
    const { errors } = templateReport(template({ versions: "x".repeat(1_000_000) }));
    expect(errors[0]).toMatch(/^bytes of the template: 1,000,\d+ of 1,000,000 \(100 %\)/);
  });

  it("warns of an environment close to 4 KB, and refuses a larger one", () => {
    const versions = (bytes: number) => "x".repeat(bytes);
    expect(templateReport(template({ versions: versions(3500) })).warnings).toEqual([
      expect.stringContaining("environment of StepLambdaFunction, about: 3,521 of 4,096 (86 %)"),
    ]);
    expect(templateReport(template({ versions: versions(4200) })).errors).toEqual([
      expect.stringContaining("4,212 JOB_VERSIONS"),
    ]);
  });

  it("counts a role's policies as AWS fills them in", () => {
    const { warnings } = templateReport(template({ secrets: 150 }));
    expect(warnings).toEqual([expect.stringContaining("characters of the policies of JobRole")]);
    expect(templateReport(template({ secrets: 100 })).warnings).toEqual([]);
  });
});
