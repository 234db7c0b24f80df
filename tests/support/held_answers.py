"""Answers that a page hears when the test lets it: the server has given them by then.

`hold('PATCH', 'Person/ann')` in the page holds the answers to such requests back;
`await held.reached` says that one is waiting, and `held.release()` lets them through.
"""

HOLD = """globalThis.hold = (method, ending) => {
  const { fetch } = globalThis;
  let reach, release;
  const reached = new Promise((done) => { reach = done; });
  const released = new Promise((done) => { release = done; });
  globalThis.fetch = async (url, options) => {
    const answer = await fetch(url, options);
    if ((options?.method ?? 'GET') === method && String(url).endsWith(ending)) {
      reach();
      await released;
    }
    return answer;
  };
  return { reached, release() { globalThis.fetch = fetch; release(); } };
};"""
