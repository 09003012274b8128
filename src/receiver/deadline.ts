// Owns waiting with an end. The work itself goes on: whoever stops waiting must be able to live with its late result.

/** What `within` gives when the work was not done in time. */
export const late: unique symbol = Symbol('late');

/**
 * The result of `work`, or `late` after `deadlineMs`. A rejection in time is passed on; a result or rejection after the
 * deadline is dropped without an unhandled rejection.
 */
export async function within<T>(deadlineMs: number, work: Promise<T>): Promise<T | typeof late> {
  let timer: NodeJS.Timeout | undefined;
  const alarm = new Promise<typeof late>((resolve) => {
    timer = setTimeout(resolve, deadlineMs, late);
  });
  try {
    return await Promise.race([work, alarm]);
  } finally {
    clearTimeout(timer);
  }
}
