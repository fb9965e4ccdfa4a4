/**
 * Does the work once more when a network file system says that what was just found is no longer there
 * (ESTALE): another machine has replaced or removed it. Looked up by its path again, it is the new one, or
 * gone. What stays stale is thrown: then the whole mount is.
 */
export async function againWhenStale<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESTALE") throw error;
    return await work();
  }
}
