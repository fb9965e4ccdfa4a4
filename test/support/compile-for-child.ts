import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import typescript from "typescript";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Compiles a program and all that it imports from here into `directory`, and returns the path to run. Node
 * 20 reads no TypeScript, and a process that is to be killed again and again must start quickly. Packages
 * are not found from there.
 */
export function compileForChild(path: string, directory: string): string {
  const options: typescript.CompilerOptions = {
    target: typescript.ScriptTarget.ES2023,
    module: typescript.ModuleKind.NodeNext,
    rewriteRelativeImportExtensions: true,
    noCheck: true,
    noLib: true,
    types: [],
    rootDir: repository,
    outDir: directory,
  };
  typescript.createProgram([path], options).emit();
  writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
  return join(directory, relative(repository, path)).replace(/\.ts$/, ".js");
}
