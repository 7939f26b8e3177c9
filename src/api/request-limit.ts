/** Bytes of a caller's request, over REST and over gRPC. */
export const REQUEST_BYTES_MAX = 100 * 1024;
