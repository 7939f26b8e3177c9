import { type Problem, PROBLEM_MEDIA_TYPE, problemSchema } from '../../src/api/errors/problem.js';

/** GET and POST as a client would send them. */
export const httpCaller = (baseUrl: () => string) => ({
  get: (path: string, headers: Readonly<Record<string, string>> = {}) => fetch(`${baseUrl()}${path}`, { headers }),

  /** @param body Text is sent as it is, anything else as JSON. */
  post: (path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${baseUrl()}${path}`, {
      method: 'POST',
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    }),
});

/** Reads an answer that must be a problem, whole and in its own media type. */
export async function readProblem(response: Response): Promise<Problem> {
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith(PROBLEM_MEDIA_TYPE)) throw new Error(`not a problem but ${type}`);
  return problemSchema.parse(await response.json());
}
