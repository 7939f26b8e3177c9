/** A client of the REST API below one project. An answer that is no success becomes an error with its detail. */
export function createRest(baseUrl) {
  const call = async (method, path, body) => {
    const response = await fetch(baseUrl + path, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${answer.reason}: ${answer.detail}`);
    return answer;
  };
  return { get: (path) => call('GET', path), post: (path, body) => call('POST', path, body) };
}
