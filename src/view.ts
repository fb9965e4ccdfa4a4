/** The kinds of object that hold lines. Each has a root of its own in the store. */
export const views = ["raw", "analytics", "quarantine"] as const;

export type View = (typeof views)[number];
