import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

interface ServedUser {
  policy: string | undefined;
  readonly keys: Set<string>;
}

/** A service for users in memory, on the loopback address. Source: AWS Identity and Access Management, API reference. */
export interface UserService {
  readonly endpoint: string;
  /** By name. */
  readonly users: ReadonlyMap<string, ServedUser>;
  /** What was asked, in order: `CreateUser hostlog-purger`. */
  readonly asked: string[];
  /** So many more times a user that was just made is not known yet. */
  lag: number;
  close(): Promise<void>;
}

export async function startUserService(): Promise<UserService> {
  const users = new Map<string, ServedUser>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const query = new URLSearchParams(await text(request));
    const action = query.get("Action") ?? "";
    asked.push(`${action} ${query.get("UserName")}`);
    const { status, body } = isLate(action) ? failed("NoSuchEntity", 404) : answerTo(action, query, users);
    response.writeHead(status, { "content-type": "text/xml" }).end(body);
  };
  const isLate = (action: string): boolean => {
    if (service.lag === 0 || action !== "PutUserPolicy") return false;
    service.lag--;
    return true;
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const service: UserService = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    users,
    asked,
    lag: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return service;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function answerTo(action: string, query: URLSearchParams, users: Map<string, ServedUser>): Answer {
  const name = query.get("UserName") ?? "";
  const user = users.get(name);
  if (action === "CreateUser") {
    users.set(name, { policy: undefined, keys: new Set() });
    return done(action, userXml(name));
  }
  if (user === undefined) return failed("NoSuchEntity", 404);
  switch (action) {
    case "GetUser":
      return done(action, userXml(name));
    case "GetUserPolicy":
      if (user.policy === undefined) return failed("NoSuchEntity", 404);
      return done(action, `<PolicyDocument>${encodeURIComponent(user.policy)}</PolicyDocument>`);
    case "PutUserPolicy":
      user.policy = query.get("PolicyDocument") ?? "";
      return done(action, "");
    case "ListAccessKeys": {
      const members = [...user.keys].map((id) => `<member><AccessKeyId>${id}</AccessKeyId></member>`);
      return done(action, `<AccessKeyMetadata>${members.join("")}</AccessKeyMetadata>`);
    }
    case "CreateAccessKey": {
      const id = `AKIDEXAMPLE${users.size}${user.keys.size}`;
      user.keys.add(id);
      const fields = `<UserName>${name}</UserName><AccessKeyId>${id}</AccessKeyId><Status>Active</Status>`;
      return done(
        action,
        `<AccessKey>${fields}<SecretAccessKey>secret-of-${name}</SecretAccessKey></AccessKey>`,
      );
    }
    case "DeleteAccessKey":
      user.keys.delete(query.get("AccessKeyId") ?? "");
      return done(action, "");
    case "DeleteUser":
      users.delete(name);
      return done(action, "");
    case "DeleteUserPolicy":
      user.policy = undefined;
      return done(action, "");
    default:
      return failed("InvalidAction", 400);
  }
}

function userXml(name: string): string {
  const arn = `<Arn>arn:aws:iam::123456789012:user/${name}</Arn>`;
  return `<User><UserName>${name}</UserName>${arn}<Path>/</Path><UserId>id</UserId><CreateDate>2026-11-22T00:00:00Z</CreateDate></User>`;
}

function done(action: string, result: string): Answer {
  const body = `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`;
  return { status: 200, body };
}

function failed(code: string, status: number): Answer {
  return {
    status,
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message/></Error></ErrorResponse>`,
  };
}
