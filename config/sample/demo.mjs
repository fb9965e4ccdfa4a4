// `npm run demo`: an incident from the log files to the answer, on made-up logs. Everything it makes lies in ./demo,
// which it begins anew each time.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const environment = { ...process.env };
// The config says where the keys are: in ./demo as well.
delete environment.HOSTLOG_KEYS;

const fromNow = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

rmSync(new URL("../../demo", import.meta.url), { recursive: true, force: true });

say(
  "hostlog is short for: node dist/src/main.js. First, logs of two sites over three days, with a break-in.",
);
hostlog("sample demo");
set("HOSTLOG_CONFIG", "demo/hostlog.yaml");

say("Read them into the store. Every line read is stored, set aside or refused, and counted.");
hostlog("ingest 'demo/logs/*'");
say("Once more: what is stored is known by its content, so nothing is stored twice.");
hostlog("ingest 'demo/logs/*'");

say("A customer's backup.zip is for sale. Who asked for it, and who got it?");
hostlog(`query --since 4d --path /backup.zip \\
  --output table --columns time,domain,client,status,bytes_sent,user_agent`);
say("What else did that network do yesterday, and the address that looked whether the file was gone?");
hostlog(`query --from yesterday --address 2001:db8:bad::/48 --address 203.0.113.66 \\
  --output table --columns time,client,method,target,status`);
say("So a password was known by then. Since when?");
hostlog(`query --since 4d --address 203.0.113.66 --path /wp-login.php --status 3xx \\
  --output table --columns time,domain,client,method,status`);

say("For statistics there is the other view: hours, networks, and no personal data in paths.");
hostlog(`query --view analytics --since 4d --path '/unsubscribe/*' --limit 5 \\
  --output table --columns time,domain,client_net,path,status,browser,os`);

say(
  "Raw lies there sealed, as age files. The keys are in demo/keys; who has the store without them has this:",
);
shell(`head -n 4 ${rawObject()}`);
hostlog("query --since 4d --path /backup.zip", { HOSTLOG_KEYS: "demo/no-keys" });

say("What is due for destruction today, and what will be in three months?");
hostlog("retention plan --output table");
hostlog(`retention plan --output table --now ${fromNow(88)}`);

say("Is everything there that was ever recorded?");
hostlog("verify");

function rawObject() {
  const raw = "demo/store/raw";
  const names = readdirSync(new URL(`../../${raw}`, import.meta.url), { recursive: true, encoding: "utf8" });
  return `${raw}/${names.find((name) => name.endsWith(".age")) ?? ""}`;
}

/** Runs a command as it is shown; one that fails ends the demo, and so does one that does not fail without its keys. */
function hostlog(command, changes = {}) {
  const shown = Object.entries(changes).map(([name, value]) => `${name}=${value} `);
  process.stdout.write(`$ ${shown.join("")}hostlog ${command}\n`);
  const words = [...command.replaceAll("\\\n", " ").matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain,
  );
  const mustFail = shown.length > 0;
  if ((run(process.execPath, [program, ...words], changes) !== 0) === mustFail) return;
  process.stderr.write(`demo: this command should have ${mustFail ? "failed" : "done its work"}\n`);
  process.exit(1);
}

function shell(command) {
  process.stdout.write(`$ ${command}\n`);
  run("sh", ["-c", command]);
}

/** Both outputs into one stream, in the order in which they were written. */
function run(file, words, changes = {}) {
  const options = { cwd: root, env: { ...environment, ...changes }, stdio: ["ignore", 1, 1] };
  const { status, error } = spawnSync(file, words, options);
  if (error !== undefined) throw error;
  return status;
}

function set(name, value) {
  process.stdout.write(`$ export ${name}=${value}\n`);
  environment[name] = value;
}

function say(text) {
  process.stdout.write(`\n# ${text}\n`);
}
