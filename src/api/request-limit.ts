/** The bytes that a caller's request may have, over REST and over gRPC. */
export const REQUEST_BYTES_MAX = 100 * 1024;
