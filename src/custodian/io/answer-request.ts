import type { IncomingMessage } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import type { UnlockedKeyring } from "../../keyring/keyring.ts";
import { admitOnRecord } from "../admission.ts";
import { openHeaders, wipeAnswers } from "../open-headers.ts";
import { BODY_BYTES_MAX, HEALTH_PATH, OPEN_HEADERS_PATH, PROTOCOL_VERSION } from "../protocol.ts";
import { createTurns } from "../turns.ts";
import { encodeAnswer, encodeProblem, type WireProblem } from "../wire-answer.ts";
import { parseRequest, type WireRequest } from "../wire-request.ts";

/** What a request is answered with. */
export interface Reply {
  readonly status: number;
  /** JSON. */
  readonly body: string;
  readonly retryAfterSeconds?: number;
  /** Something of the request may still be on the way: the connection ends with this answer. */
  readonly closes?: boolean;
}

/** What a custodian's answers come from. */
export interface CustodianService {
  readonly unlocked: UnlockedKeyring;
  /** Writes a line where the custodian's people see it; rejects when it could not be written. */
  readonly note: (line: string) => Promise<void>;
  /** Aborted when the custodian is to end. */
  readonly signal: AbortSignal;
}

export interface Answering {
  /** `asker`: who asks, for people. Undefined when nobody is there any more to be answered. */
  answer(request: IncomingMessage, asker: string): Promise<Reply | undefined>;
  /** Resolves when no request is at hand. */
  idle(): Promise<void>;
}

/** How many requests may wait while one is answered. */
const WAITING_MAX = 16;

/** A request takes about a second at most. */
const BUSY_SECONDS = 2;

/** What a service manager needs to start it anew. */
const ENDING_SECONDS = 5;

/** Answers one request after the other. */
export function createAnswering({ unlocked, note, signal }: CustodianService): Answering {
  const { storeId } = unlocked.keyring;
  const turns = createTurns(WAITING_MAX);

  async function answerOpening(request: IncomingMessage, asker: string): Promise<Reply | undefined> {
    if (request.method !== "POST") return failure(405, "only POST opens headers");
    const body = await readBody(request, signal);
    if (body.kind === "ending") return ending();
    if (body.kind !== "text") {
      return { ...failure(413, `the request is larger than ${BODY_BYTES_MAX} bytes`), closes: true };
    }
    const parsed = parseRequest(body.text);
    if (parsed.kind === "problem") return failure(400, parsed.problem);
    const { wire } = parsed;
    if (wire.storeId !== storeId) {
      return failure(
        409,
        "the keyring of this custodian is of another store; correct custodian.url or the store",
      );
    }
    const waiting = turns.take(async () => {
      if (signal.aborted) return ending();
      // Whoever has gone is opened nothing for.
      return request.socket.destroyed ? undefined : open(wire, asker);
    });
    return waiting ?? unavailable("too many look-ups are waiting for the custodian; ask again", BUSY_SECONDS);
  }

  async function open({ request, recipient }: WireRequest, asker: string): Promise<Reply> {
    const admit = admitOnRecord(note, asker);
    const answers = await openHeaders(request, {
      admit,
      identityOf: (name) => unlocked.identityOf(name),
      pause: () => turn(),
    });
    const body = encodeAnswer(answers, recipient);
    wipeAnswers(answers);
    return { status: 200, body };
  }

  function health(request: IncomingMessage): Reply {
    if (request.method !== "GET") return failure(405, "only GET asks for its health");
    const body = JSON.stringify({ version: PROTOCOL_VERSION, store: storeId, ending: signal.aborted });
    return { status: signal.aborted ? 503 : 200, body };
  }

  return {
    async answer(request, asker) {
      try {
        if (request.url === HEALTH_PATH) return health(request);
        if (signal.aborted) return ending();
        if (request.url === OPEN_HEADERS_PATH) return await answerOpening(request, asker);
        return failure(404, "a custodian has nothing of this name");
      } catch (error) {
        if (error instanceof UserError) return failureOf(error);
        // It went away while it was speaking.
        if (request.destroyed && !request.complete) return undefined;
        await note(`a mistake in the program: ${textOf(error)}`).catch(() => undefined);
        return failure(500, "the custodian met a mistake in its program; its log says more", exitCode.bug);
      }
    },
    idle: () => turns.idle(),
  };
}

type Body = { readonly kind: "text"; readonly text: string } | { readonly kind: "too-large" | "ending" };

/** The rest of what is too large, or comes while the custodian ends, is not read. */
function readBody(request: IncomingMessage, signal: AbortSignal): Promise<Body> {
  if (Number(request.headers["content-length"] ?? 0) > BODY_BYTES_MAX) {
    return Promise.resolve({ kind: "too-large" });
  }
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  // Not `for await`, which destroys the request when it is left early, and with it the way to answer.
  return new Promise((resolve, reject) => {
    const end = (body: Body): void => {
      signal.removeEventListener("abort", onAbort);
      request.pause();
      resolve(body);
    };
    const onAbort = (): void => end({ kind: "ending" });
    signal.addEventListener("abort", onAbort);
    request.on("data", (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > BODY_BYTES_MAX) end({ kind: "too-large" });
      else chunks.push(chunk);
    });
    request.on("end", () => end({ kind: "text", text: Buffer.concat(chunks).toString("utf8") }));
    request.on("error", (error) => {
      signal.removeEventListener("abort", onAbort);
      reject(error);
    });
  });
}

function failure(status: number, problem: string, code: WireProblem["exitCode"] = exitCode.config): Reply {
  return { status, body: encodeProblem({ problem, exitCode: code }) };
}

function unavailable(problem: string, retryAfterSeconds: number): Reply {
  return { ...failure(503, problem, exitCode.tryAgain), retryAfterSeconds };
}

function ending(): Reply {
  return { ...unavailable("the custodian is ending; ask again", ENDING_SECONDS), closes: true };
}

/** The words of an error that is for people. */
function failureOf({ message, exitCode: code }: UserError): Reply {
  const status = code === exitCode.tryAgain ? 503 : code === exitCode.usage ? 400 : 500;
  return failure(status, message, code);
}

/** Where it happened, and no message: that could repeat what was sent. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const [, place = ""] = (error.stack ?? "").split("\n    at ", 2);
  return `${error.name} at ${place}`;
}
