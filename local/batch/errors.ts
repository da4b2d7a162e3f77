/** A request that AWS Batch would refuse: the caller must change it. Status 400. */
export class ClientError extends Error {
  override name = "ClientException";
  readonly status = 400;
}

/** Too many requests in a second. The SDK retries it. Status 429. */
export class ThrottledError extends Error {
  override name = "TooManyRequestsException";
  readonly status = 429;
}

/** A fault of the service. The SDK retries it. Status 500. */
export class ServerError extends Error {
  override name = "ServerException";
  readonly status = 500;
}
