import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../config/parse-config.ts";
import { exitCode } from "../src/exit-code.ts";
import { version } from "../src/version.ts";
import { foreignAddresses } from "./tidy/addresses.ts";
import { packageLock, packageManifest, shippedPackages } from "./tidy/package-files.ts";
import { occurrences, repository, repositoryFiles } from "./tidy/repository-files.ts";

// What nobody should have to look for in a review. A test that fails names the file and the line.

const files = repositoryFiles();
const written = files.filter(({ path }) => path !== "package-lock.json");
const code = files.filter(({ path }) =>
  /^(?:src|config|ingest|anonymize|retention|query|test)\/.*\.ts$/.test(path),
);
const shippedCode = code.filter(({ path }) => !path.startsWith("test/"));
const documents = files.filter(({ path }) => path.endsWith(".md"));
const read = (path: string): string => readFileSync(join(repository, path), "utf8");

describe("the code", () => {
  it("was seen by the boundary check, every file of it", { timeout: 120_000 }, () => {
    const script = join(repository, ".ci", "check-boundaries.mjs");
    const seen = execFileSync(process.execPath, [script, "--list"], { cwd: repository, encoding: "utf8" });
    const seenFiles = new Set(seen.split("\n"));
    expect(seenFiles.size).toBeGreaterThan(100);
    expect(code.map(({ path }) => path).filter((path) => !seenFiles.has(path))).toEqual([]);
  });

  it("holds no note of what is left to do, and no trace of a debugger", () => {
    const marks = "TO-DO FIX-ME X-XX HA-CK".replaceAll("-", "").replaceAll(" ", "|");
    const traces = new RegExp(String.raw`\b(?:${marks})\b|^\s*debug(?:ger)\b`, "g");
    expect(occurrences(written, traces)).toEqual([]);
  });

  it("has no test that is left out, or that leaves out the others", () => {
    expect(occurrences(code, /\b(?:it|test|describe)\.(?:only|skip|todo|fails)\b/g)).toEqual([]);
  });

  it("keeps files short: 300 lines for what ships, half as many again for what describes it", () => {
    const linesOf = (text: string | undefined): number => (text ?? "").split("\n").length - 1;
    const tooLong = code.filter(({ path, text }) => linesOf(text) > (path.startsWith("test/") ? 450 : 300));
    expect(tooLong.map(({ path, text }) => `${path}: ${linesOf(text)} lines`)).toEqual([]);
  });

  it("has no drawer for what has no name", () => {
    const drawers = /(?:^|\/)(?:utils?|helpers?|common|misc|types|manager|index)(?:\.ts|\/)/;
    expect(shippedCode.map(({ path }) => path).filter((path) => drawers.test(path))).toEqual([]);
  });
});

describe("what is written", () => {
  /** Where an address must be one that can be routed, because that is what is told apart. */
  const allowedAddresses: Readonly<Record<string, readonly string[]>> = {
    // Ordinary global IPv6, beside all the kinds that are not.
    "test/anonymize/truncate-address.test.ts": ["2a00::abcd:1234:5", "2a00::", "2400::a:b:c:d", "2400::"],
    // The canonical form of a run of groups; it belongs to no network.
    "test/src/address.test.ts": ["1:2:3:4:5:6:7:0"],
  };

  it("names no address that could be a visitor's", () => {
    const others = written.filter(({ path }) => path !== "test/tidy.test.ts");
    const found = others.flatMap(({ path, text }) =>
      foreignAddresses(text ?? "")
        .filter((address) => allowedAddresses[path]?.includes(address) !== true)
        .map((address) => `${path}: ${address}`),
    );
    expect(found).toEqual([]);
  });

  it("names no path of the machine it was written on", () => {
    // A path that begins there, not one like /var/tmp or https://example.org/home/.
    expect(occurrences(written, /(?<![\w.}])\/(?:tmp|work|root|home|Users)\/[\w.-]+/g)).toEqual([]);
  });

  it("links to files that there are", () => {
    const dead = documents.flatMap(({ path, text = "" }) =>
      [...text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)[^)]*\)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !existsSync(join(repository, dirname(path), target)))
        .map((target) => `${path}: ${target}`),
    );
    expect(dead).toEqual([]);
  });

  it("speaks of scripts that there are", () => {
    const unknown = documents.flatMap(({ path, text = "" }) =>
      [...text.matchAll(/\bnpm run ([\w:-]+)/g)]
        .filter(([, script = ""]) => packageManifest.scripts[script] === undefined)
        .map(([command]) => `${path}: ${command}`),
    );
    expect(unknown).toEqual([]);
  });

  it("gives the exit codes as they are", () => {
    const rows = [...read("docs/operating.md").matchAll(/^\| *(\d+) *\| *`?(\w+)`? *\|/gm)];
    const documented = Object.fromEntries(rows.map(([, number, name]) => [name, Number(number)]));
    expect(documented).toEqual(exitCode);
  });

  it("has an example of the config that is valid", () => {
    const parsed = parseConfig(read("config/hostlog.example.yaml"), { node: "web-17" });
    expect(parsed).toMatchObject({ kind: "config" });
  });
});

describe("the map", () => {
  const map = existsSync(join(repository, "ARCHITECTURE.md")) ? read("ARCHITECTURE.md") : "";
  const topFolders = new Set(
    files.flatMap(({ path }) =>
      path.startsWith(".") || !path.includes("/") ? [] : path.slice(0, path.indexOf("/") + 1),
    ),
  );

  it("names every folder at the top", () => {
    expect([...topFolders].filter((folder) => !map.includes(folder))).toEqual([]);
  });

  it("names no folder and no file that is not there", () => {
    const named = [...map.matchAll(/\b[\w.-]+\/[\w./-]*/g)].map(([path]) => path.replace(/\.$/, ""));
    const ours = named.filter((path) => topFolders.has(path.slice(0, path.indexOf("/") + 1)));
    expect(ours.length).toBeGreaterThan(10);
    expect(ours.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
  });
});

describe("the package", () => {
  const { dependencies, devDependencies } = packageManifest;

  it("pins every dependency to one version", () => {
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, wanted]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(wanted),
    );
    expect(loose).toEqual([]);
  });

  it("has a lock file that is of this version and names no registry", () => {
    expect(packageLock.version).toBe(packageManifest.version);
    const resolved = Object.entries(packageLock.packages).filter(([, entry]) => entry.resolved !== undefined);
    expect(resolved.map(([path]) => path)).toEqual([]);
  });

  it("has a lock file that is whole, so that npm ci accepts it on every platform", () => {
    const { packages } = packageLock;
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          packages[`node_modules/${name}`] === undefined &&
          packages[`${path}/node_modules/${name}`] === undefined,
      ),
    );
    expect(missing).toEqual([]);
  });

  it("says the same version everywhere", () => {
    const [, newest] = /^## \[?(\d+\.\d+\.\d+)/m.exec(read("CHANGELOG.md")) ?? [];
    expect([version, newest]).toEqual([packageManifest.version, packageManifest.version]);
  });

  it("ships nothing whose licence asks for more than to be named", () => {
    const free = new Set([
      "MIT",
      "ISC",
      "Apache-2.0",
      "BSD-2-Clause",
      "BSD-3-Clause",
      "0BSD",
      "Unlicense",
      "BlueOak-1.0.0",
    ]);
    const isFree = (licence: string | undefined): boolean =>
      licence
        ?.replace(/[()]/g, "")
        .split(" OR ")
        .some((one) => free.has(one)) === true;
    expect(shippedPackages.length).toBeGreaterThan(10);
    expect(shippedPackages.filter(({ licence }) => !isFree(licence))).toEqual([]);
  });

  it("has written down for each dependency that ships why it is there", () => {
    const rows = [
      ...read("docs/decisions/0001-dependencies.md").matchAll(/^\| (\S+) \| (\d\S+) \| (\S+) \|/gm),
    ];
    const recorded = rows.map(([, name, wanted, licence]) => [name, wanted, licence]);
    const shipped = Object.entries(dependencies).map(([name, wanted]) => [
      name,
      wanted,
      shippedPackages.find((one) => one.name === name)?.licence,
    ]);
    expect(recorded).toEqual(shipped);
  });
});
