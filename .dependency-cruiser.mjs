/**
 * Who may import whom. `npm run boundaries` checks it and prints, for each rule that fires, its comment: what to
 * do then. Type-only imports count too. Paths are regular expressions; `$1` is what the `from` path captured.
 */

const stage = "^(ingest|anonymize|retention|query)/";
const shipped = "^(src|config|ingest|anonymize|retention|query)/";

/** The files that may touch the world. All others get what they need as values. */
const shell = [
  "^src/main\\.ts$",
  "^src/(commands|store)/",
  // What asks and changes a server beyond its objects: its settings, its users.
  "^src/(doctor/io|setup)/",
  // One file that stands alone, for who has a copy of the ledger and not this program.
  "^src/verifier/",
  // Keys on the disk, what is published of them, and who holds them.
  "^src/(keyring|recipients|custodian)/io/",
  // What an audit has checked, kept for the next one.
  "^src/audit/io/",
  // Shared by the shells of several stages: writing so that a power loss does no harm, and locks between processes.
  "^src/(durable-file|keep-memory-from-core-files|lock-file|memory-folder|scratch-folder|see-process)\\.ts$",
  "^config/(load-config\\.ts|sample/demo\\.mjs)$",
  "^(ingest|anonymize|retention|query)/io/",
];

/** node:net is there for `isIP`, which opens nothing. */
const readsAddresses = "^src/(address|host-name)\\.ts$";

/** node:crypto, node:path, node:url and node:util compute; node:zlib does in memory what its caller gives it. */
const effects =
  "^(node:)?(fs|net|tls|dgram|dns|http|https|http2|os|child_process|cluster|worker_threads|readline|timers/promises)(/|$)";
const effectfulPackages = "(^|/)node_modules/(@aws-sdk|@duckdb|pino|commander|cli-progress|tinyglobby)/";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "stages-are-strangers",
      comment:
        "Stages meet in the store and in src/commands, never in each other's code. Move what both need into src, " +
        "or let the command fetch it from one stage and hand it to the other.",
      severity: "error",
      from: { path: stage },
      to: { path: stage, pathNot: "^$1/" },
    },
    {
      name: "core-is-pure",
      comment:
        "Deciding is separate from doing. Move the effect into the stage's io/ folder (or src/store, src/commands), " +
        "or take its result as an argument.",
      severity: "error",
      from: { path: shipped, pathNot: [...shell, readsAddresses] },
      to: { path: `${effects}|${effectfulPackages}` },
    },
    {
      name: "addresses-open-no-connection",
      comment:
        "These files may use node:net for isIP and nothing else that acts. Move the effect into an io/ folder.",
      severity: "error",
      from: { path: readsAddresses },
      to: { path: `${effects}|${effectfulPackages}`, pathNot: "^(node:)?net$" },
    },
    {
      name: "core-imports-no-shell",
      comment:
        "A pure file that calls one with effects is not pure. Turn the import round: the file in io/ calls the pure " +
        "one and passes it values. Types may be imported, and the interface of stores, which are arguments.",
      severity: "error",
      from: { path: shipped, pathNot: shell },
      to: { path: shell, pathNot: "^src/store/object-store\\.ts$", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "shared-code-knows-no-stage",
      comment:
        "src is what the stages share, so it cannot depend on one of them. Move the file into the stage, or the part " +
        "that is needed into src. Only src/commands joins stages.",
      severity: "error",
      from: { path: "^(src|config)/", pathNot: "^src/commands/" },
      to: { path: stage },
    },
    {
      name: "settings-are-passed-in",
      comment:
        "A stage knows the shape of the settings and nothing of how they are read. Import the type from " +
        "config/config.ts, and let the command load the file.",
      severity: "error",
      from: { path: [stage, "^src/"], pathNot: "^src/(main\\.ts$|commands/)" },
      to: { path: "^config/", pathNot: "^config/config\\.ts$" },
    },
    {
      name: "nobody-imports-commands",
      comment:
        "Commands are the top of the program: only src/main.ts and other commands import them. Move what is needed " +
        "into src or into a stage.",
      severity: "error",
      from: { path: shipped, pathNot: "^src/(main\\.ts$|commands/)" },
      to: { path: "^src/commands/" },
    },
    {
      name: "nobody-imports-main",
      comment: "src/main.ts runs when it is loaded. Move what is needed into a command.",
      severity: "error",
      from: {},
      to: { path: "^src/main\\.ts$" },
    },
    {
      name: "stores-only-through-open-store",
      comment:
        "Which store it is, a URL decides at run time. Take an ObjectStore as an argument; the command gets it from " +
        "src/store/open-store.ts.",
      severity: "error",
      from: { path: shipped, pathNot: "^src/(store|doctor/io|setup)/" },
      to: {
        path: "^src/store/",
        pathNot: "^src/store/(open-store|object-store|probe-creation|local-copy)\\.ts$",
      },
    },
    {
      name: "s3-only-in-its-store",
      comment:
        "The SDK is slow to load and known to one store, and to what sets a server up or examines it. Use the ObjectStore interface.",
      severity: "error",
      from: { path: shipped, pathNot: "^src/(store/s3|doctor/io/|setup/)" },
      to: { path: "(^|/)node_modules/(@aws-sdk|@smithy)/" },
    },
    {
      name: "duckdb-only-in-query-io",
      comment: "The engine is query's own tool. Compile SQL in query, run it in query/io.",
      severity: "error",
      from: { path: shipped, pathNot: "^query/io/" },
      to: { path: "(^|/)node_modules/@duckdb/" },
    },
    {
      name: "agents-only-in-anonymize",
      comment: "What an agent is called is decided once, for the analytics view. Read it from there.",
      severity: "error",
      from: { path: shipped, pathNot: "^anonymize/" },
      to: { path: "(^|/)node_modules/(ua-parser-js|isbot)/" },
    },
    {
      name: "cron-only-in-retention-io",
      comment:
        "The schedule is an effect. What is due is decided by a plan, from a day that is passed in. " +
        "config/purge-times.ts only reads expressions, to refuse bad ones.",
      severity: "error",
      from: { path: shipped, pathNot: ["^retention/io/", "^config/purge-times\\.ts$"] },
      to: { path: "(^|/)node_modules/node-cron/" },
    },
    {
      name: "nothing-imports-tests",
      comment: "Code that ships cannot need test code. Move what is needed into src or a stage.",
      severity: "error",
      from: { path: shipped },
      to: { path: "^test/" },
    },
    {
      name: "tests-stand-alone",
      comment: "A test file is run, never imported. Move what two tests share into test/support.",
      severity: "error",
      from: {},
      to: { path: "\\.(test|acceptance)\\.ts$" },
    },
    {
      name: "no-cycles",
      comment: "Two files that need each other are one file, or three. Move what both need into a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "runtime-code-uses-runtime-dependencies",
      comment:
        "This package is not there after `npm ci --omit=dev`. Move it to dependencies, with a line in " +
        "docs/decisions/0001-dependencies.md, or do without it.",
      severity: "error",
      from: { path: shipped },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "imports-lead-somewhere",
      comment: "This import leads nowhere. Mend the path, or add the package to package.json.",
      severity: "error",
      from: {},
      // Tests may run what was built, which is not there before the first build.
      to: { couldNotResolve: true, pathNot: "^\\.\\./\\.\\./dist/" },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: ["node_modules", "^dist/"] },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node", "default"],
    },
  },
};
