import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addManifest,
  addPiece,
  addStream,
  candidatesOf,
  createStreamIndex,
} from "../../../ingest/source/stream-index.ts";
import { sourceOf, stream } from "../../support/recorded-batch.ts";

const secret = Buffer.alloc(32, 7);

const head = "a".repeat(32);

describe("addStream", () => {
  it("gives each stream of one head an id of its own, the same in every process", () => {
    const ids = [0, 1].map(() => {
      const index = createStreamIndex("web01", secret);
      return [addStream(index, head).id, addStream(index, head).id, addStream(index, "b".repeat(32)).id];
    });
    expect(ids[0]).toEqual(ids[1]);
    expect(new Set(ids[0]).size).toBe(3);
    expect(ids[0]?.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  });

  it("gives another id on another node", () => {
    expect(addStream(createStreamIndex("web01", secret), head).id).not.toBe(
      addStream(createStreamIndex("web02", secret), head).id,
    );
  });

  it("gives a new id behind those that the ledger knows", () => {
    const first = addStream(createStreamIndex("web01", secret), head);
    const index = createStreamIndex("web01", secret);
    addManifest(index, {
      version: 1,
      node: "web01",
      batch: "",
      sources: [sourceOf(0, 100, { stream: first.id, head })],
    });
    expect(addStream(index, head).id).not.toBe(first.id);
    expect(candidatesOf(index, head)).toHaveLength(2);
  });
});

describe("addManifest", () => {
  it("knows the pieces of a stream again, whichever batch they were in", () => {
    const index = createStreamIndex("web01", secret);
    const batch = { version: 1, node: "web01", batch: "" } as const;
    addManifest(index, {
      ...batch,
      sources: [
        sourceOf(100, 300, {
          head,
          pieces: [
            [150, "y"],
            [300, "z"],
          ],
        }),
      ],
    });
    addManifest(index, { ...batch, sources: [sourceOf(0, 100, { head, pieces: [[100, "x"]] })] });
    expect(candidatesOf(index, head)).toEqual([
      {
        id: stream,
        head,
        pieces: [
          { from: 0, to: 100, sha256: "x" },
          { from: 100, to: 150, sha256: "y" },
          { from: 150, to: 300, sha256: "z" },
        ],
      },
    ]);
    expect(candidatesOf(index, "b".repeat(32))).toEqual([]);
  });
});

describe("addPiece", () => {
  it("keeps pieces in ascending order, in whatever order they come", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100)), (starts) => {
        const known = { id: "a", head, pieces: [] };
        for (const from of starts) addPiece(known, { from, to: from + 1, sha256: "" });
        const inOrder = [...starts].sort((a, b) => a - b);
        expect(known.pieces.map(({ from }: { readonly from: number }) => from)).toEqual(inOrder);
      }),
    );
  });
});
