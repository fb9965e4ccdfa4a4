/** The program's version, written into objects and records. A test compares it with package.json. */
export const version = "0.1.0";
