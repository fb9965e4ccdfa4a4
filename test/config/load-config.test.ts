import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ConfigSurroundings, loadConfig } from "../../config/load-config.ts";
import { exitCode } from "../../src/exit-code.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hostlog-config-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function surroundings(environment: ConfigSurroundings["environment"] = {}): ConfigSurroundings {
  return { environment, workingDirectory: folder, hostName: "Web_17.Example.NET" };
}

async function put(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

describe("loadConfig", () => {
  it("prefers --config to $HOSTLOG_CONFIG, and that to the working directory", async () => {
    await put("hostlog.yaml", "store: s3://here");
    const fromEnvironment = await put("environment.yaml", "store: s3://environment");
    const fromOption = await put("option.yaml", "store: s3://option");
    const world = surroundings({ HOSTLOG_CONFIG: fromEnvironment });

    expect((await loadConfig({ config: "option.yaml" }, world)).file).toBe(fromOption);
    expect((await loadConfig({}, world)).config.roots.raw).toBe("s3://environment/raw");
    expect((await loadConfig({}, surroundings({ HOSTLOG_CONFIG: "" }))).config.roots.raw).toBe(
      "s3://here/raw",
    );
  });

  it("needs no file when a store is given", async () => {
    const { config, file } = await loadConfig({ store: "./logs" }, surroundings());
    expect(file).toBeUndefined();
    expect(config.roots.raw).toBe(`file://${folder}/logs/raw`);
    expect(config.node).toBe("web-17.example.net");
  });

  it("says how to name a store when nothing does", async () => {
    await expect(loadConfig({}, surroundings())).rejects.toMatchObject({
      exitCode: exitCode.usage,
      message: expect.stringContaining("--store file:///srv/hostlog"),
    });
  });

  it("refuses a named file that is not there, whatever else is", async () => {
    await put("hostlog.yaml", "store: s3://here");
    await expect(loadConfig({ config: "missing.yaml" }, surroundings())).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining(join(folder, "missing.yaml")),
    });
    const world = surroundings({ HOSTLOG_CONFIG: "missing.yaml" });
    await expect(loadConfig({}, world)).rejects.toMatchObject({
      message: expect.stringContaining("$HOSTLOG_CONFIG"),
    });
  });

  it("refuses a file that is there and cannot be read, in place of taking the next", async () => {
    await mkdir(join(folder, "hostlog.yaml"));
    await expect(loadConfig({ store: "/srv/x" }, surroundings())).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("EISDIR"),
    });
  });

  it("refuses a file that is not UTF-8", async () => {
    await writeFile(join(folder, "hostlog.yaml"), Buffer.from([0x73, 0xff, 0xfe]));
    await expect(loadConfig({}, surroundings())).rejects.toMatchObject({ exitCode: exitCode.config });
  });

  it("names every problem on a line that begins with the file", async () => {
    const file = await put("hostlog.yaml", "node: _\nclases: {}\n");
    await expect(loadConfig({}, surroundings())).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(
        new RegExp(`^the config has 3 problems; nothing was done(?:\n${file}:\\d+:\\d+: [^\n]+){3}$`),
      ),
    });
  });

  it("refuses a --store that is none", async () => {
    await expect(loadConfig({ store: "ftp://x" }, surroundings())).rejects.toMatchObject({
      exitCode: exitCode.usage,
      message: expect.stringContaining("--store"),
    });
  });
});
