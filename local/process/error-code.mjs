/**
 * The code of an operating system error, such as `EEXIST`; undefined for any other. It doesn't check the class,
 * because jest's errors have another one.
 * @param {unknown} error
 */
export function errorCode(error) {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
