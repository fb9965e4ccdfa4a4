// `npm run demo`: an incident from the log files to the answer, on made-up logs. Everything it makes lies in ./demo,
// which it begins anew each time.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const environment = { ...process.env };

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

say("What is due for destruction today, and what will be in three months?");
hostlog("retention plan --output table");
hostlog(`retention plan --output table --now ${fromNow(88)}`);

say("Is everything there that was ever recorded?");
hostlog("verify");

/** Runs a command as it is shown; one that fails ends the demo. */
function hostlog(command) {
  process.stdout.write(`$ hostlog ${command}\n`);
  const words = [...command.replaceAll("\\\n", " ").matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain,
  );
  // Both outputs into one stream, in the order in which they were written.
  const { status, error } = spawnSync(process.execPath, [program, ...words], {
    cwd: root,
    env: environment,
    stdio: ["ignore", 1, 1],
  });
  if (error !== undefined) throw error;
  if (status === 0) return;
  process.stderr.write(`demo: this command ended with ${status}\n`);
  process.exit(1);
}

function set(name, value) {
  process.stdout.write(`$ export ${name}=${value}\n`);
  environment[name] = value;
}

function say(text) {
  process.stdout.write(`\n# ${text}\n`);
}
