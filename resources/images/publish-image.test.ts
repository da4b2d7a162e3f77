import { CommandError, type CommandResult, publishImage } from "./publish-image.ts";

const registry = { account: "111122223333", region: "eu-west-1" };
const digest = `sha256:${"a".repeat(64)}`;
const ok = (stdout = ""): CommandResult => ({ exitCode: 0, stdout, stderr: "" });
const failed = (stderr: string): CommandResult => ({ exitCode: 254, stdout: "", stderr });

/** Answers commands, each from the list for the word that identifies it, and records what was run. */
function machine(answers: Record<string, CommandResult[]>) {
  const ran: { line: string; input: string | undefined }[] = [];
  return {
    ran,
    run: async (command: readonly string[], input?: string) => {
      ran.push({ line: command.join(" "), input });
      const word = Object.keys(answers).find((key) => command.includes(key));
      return answers[word ?? ""]?.shift() ?? ok();
    },
  };
}

test("an image that is in the registry is not built again", async () => {
  const { run, ran } = machine({ "describe-images": [ok(`${digest}\n`)] });
  await expect(publishImage(registry, "ridge", "0123", run)).resolves.toEqual({ digest, built: false });
  expect(ran).toHaveLength(1);
});

test("a new image goes to a repository with immutable tags, for the instances' architecture", async () => {
  const { run, ran } = machine({
    "describe-images": [failed("RepositoryNotFoundException"), ok(digest)],
    "get-login-password": [ok("secret\n")],
  });
  await expect(publishImage(registry, "ridge", "0123", run)).resolves.toEqual({ digest, built: true });
  expect(ran.map(({ line }) => line)).toEqual([
    expect.stringContaining("describe-images"),
    expect.stringContaining("--repository-name millrace/ridge --image-tag-mutability IMMUTABLE"),
    expect.stringContaining("get-login-password"),
    "docker login --username AWS --password-stdin 111122223333.dkr.ecr.eu-west-1.amazonaws.com",
    expect.stringMatching(
      /--platform linux\/amd64 .*--push .*ridge:0123 .*--build-arg FAMILY=ridge --file batch-jobs\/Dockerfile batch-jobs$/,
    ),
    expect.stringContaining("describe-images"),
  ]);
});

test("the registry's password is never an argument", async () => {
  const { run, ran } = machine({
    "describe-images": [failed("ImageNotFoundException"), ok(digest)],
    "get-login-password": [ok("secret\n")],
  });
  await publishImage(registry, "ridge", "0123", run);
  expect(ran.filter(({ line }) => line.includes("secret"))).toEqual([]);
  expect(ran.filter(({ input }) => input === "secret")).toHaveLength(1);
});

test("an existing repository is used", async () => {
  const { run } = machine({
    "describe-images": [failed("ImageNotFoundException"), ok(digest)],
    "create-repository": [failed("RepositoryAlreadyExistsException")],
  });
  await expect(publishImage(registry, "ridge", "0123", run)).resolves.toEqual({ digest, built: true });
});

test("two concurrent builds push one image", async () => {
  const { run } = machine({
    "describe-images": [failed("ImageNotFoundException"), ok(digest)],
    buildx: [failed("tag invalid: ImageTagAlreadyExistsException")],
  });
  await expect(publishImage(registry, "ridge", "0123", run)).resolves.toEqual({ digest, built: false });
});

test.each([
  ["the image lookup", { "describe-images": [failed("AccessDeniedException")] }],
  [
    "the repository's creation",
    {
      "describe-images": [failed("ImageNotFoundException")],
      "create-repository": [failed("AccessDeniedException")],
    },
  ],
  ["the login", { "describe-images": [failed("ImageNotFoundException")], login: [failed("no basic auth")] }],
  [
    "the build",
    {
      "describe-images": [failed("ImageNotFoundException"), failed("ImageNotFoundException")],
      buildx: [failed("the lock does not match")],
    },
  ],
])("a failure of %s stops with the command's output", async (_, answers) => {
  const { run } = machine(answers);
  await expect(publishImage(registry, "ridge", "0123", run)).rejects.toThrow(CommandError);
});
