import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { repository } from "./repository-files.ts";

const manifest = z.object({
  version: z.string(),
  scripts: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});

const lock = z.object({
  version: z.string(),
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.string().optional(),
      resolved: z.string().optional(),
      dev: z.boolean().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

export const packageManifest = manifest.parse(readJson("package.json"));
export const packageLock = lock.parse(readJson("package-lock.json"));

export interface ShippedPackage {
  readonly name: string;
  readonly licence: string | undefined;
}

/** Every package that is installed without the development's, however deep. */
export const shippedPackages: readonly ShippedPackage[] = Object.entries(packageLock.packages)
  .filter(([path, { dev }]) => path !== "" && dev !== true)
  .map(([path, { license }]) => ({ name: path.replace(/^.*node_modules\//, ""), licence: license }));

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(repository, path), "utf8"));
}
