// Owns waiting with an end. The work itself goes on: whoever stops waiting must be able to live with its late result.

/** What `within` gives when the work was not done in time. */
export const late: unique symbol = Symbol('late');

/**
 * The result of `work`, or `late` after `deadlineMs`. A rejection in time is passed on; a result or rejection after the
 * deadline is dropped without an unhandled rejection.
 */
export function within<T>(deadlineMs: number, work: Promise<T>): Promise<T | typeof late> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, deadlineMs, late);
    const inTime =
      <Result>(settle: (result: Result) => void) =>
      (result: Result) => {
        clearTimeout(timer);
        settle(result);
      };
    work.then(inTime(resolve), inTime(reject));
  });
}
