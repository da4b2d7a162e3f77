/**
 * The code of an error of the operating system, such as `EEXIST`; undefined for any other. Doesn't ask for the class,
 * since jest's errors are of another one.
 * @param {unknown} error
 */
export function errorCode(error) {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
