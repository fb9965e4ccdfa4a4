/**
 * The methods of the IANA registry (RFC 9110 section 16.1, RFC 7237, WebDAV and its extensions). `PRI` is
 * registered only so that nobody uses it, and `*` is reserved.
 */
const methods: ReadonlySet<string> = new Set(
  (
    "ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY " +
    "MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PUT REBIND " +
    "REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL"
  ).split(" "),
);

/** The method if it is a registered one, in the registry's letter case (methods are case-sensitive), else `OTHER`. */
export function knownMethod(text: string): string {
  return methods.has(text) ? text : "OTHER";
}
