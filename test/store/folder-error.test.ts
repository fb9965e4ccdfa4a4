import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { folderError, folderReadError } from "../../src/store/folder/folder-error.ts";
import { AccessDeniedError } from "../../src/store/object-store.ts";

const url = "file:///srv/hostlog";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed, open '/srv/hostlog/x'`), { code });
}

describe("an error of a folder store", () => {
  it.each([
    "ENOSPC",
    "EDQUOT",
    "EROFS",
    "EIO",
    "EMFILE",
    "ENFILE",
    "ESTALE",
    "ETIMEDOUT",
    "ENOTCONN",
    "EUCLEAN",
  ])("is one to try again after when the disk or the machine is in trouble: %s", (code) => {
    for (const explain of [folderError, folderReadError]) {
      expect(explain(systemError(code), url)).toMatchObject({
        name: "UserError",
        exitCode: exitCode.tryAgain,
        message: expect.stringMatching(new RegExp(`^${url}: .+ \\(${code}\\)$`)),
      });
    }
  });

  it.each(["EACCES", "EPERM", "EXDEV", "ENOTDIR", "ENAMETOOLONG", "EFBIG"])(
    "is one to correct first when it never passes by itself: %s",
    (code) => {
      for (const explain of [folderError, folderReadError]) {
        expect(explain(systemError(code), url)).toMatchObject({
          name: "UserError",
          exitCode: exitCode.config,
          message: expect.stringMatching(new RegExp(`^${url}: .+ \\(${code}\\)$`)),
        });
      }
    },
  );

  it.each(["EACCES", "EPERM"])("is a denial when this user may not read: %s", (code) => {
    expect(folderReadError(systemError(code), url)).toBeInstanceOf(AccessDeniedError);
    expect(folderError(systemError(code), url)).not.toBeInstanceOf(AccessDeniedError);
  });

  it("stays as it is when only a bug explains it, or when it is explained already", () => {
    const known = new UserError("known", exitCode.integrity);
    for (const error of [systemError("EBADF"), systemError("ENOENT"), new Error("no code"), known]) {
      expect(folderError(error, url)).toBe(error);
      expect(folderReadError(error, url)).toBe(error);
    }
  });
});
