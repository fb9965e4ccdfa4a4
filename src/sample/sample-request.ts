/** The two sites of the sample: a shop, and a WordPress blog. */
export type SampleSite = "shop.example.org" | "blog.example.net";

/** One request, as a server would log it. */
export interface SampleRequest {
  /** ms since 1970. */
  readonly ms: number;
  readonly site: SampleSite;
  readonly client: string;
  /** The request line as it is logged, escapes and all. */
  readonly request: string;
  readonly status: number;
  readonly bytesSent: number;
  readonly referrer: string;
  readonly agent: string;
}
