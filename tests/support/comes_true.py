"""Wait until something holds in a page.

Not by Playwright's `wait_for_function`: that evaluates its text again in the page's own
turns, which the Content-Security-Policy of card pages refuses, so it works only where the
condition holds at once.
"""

COMES_TRUE = """async (condition) => {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadline) {
      throw new Error(`never came true: ${condition}`);
    }
    await new Promise((turn) => setTimeout(turn, 20));
  }
}"""


def comes_true(condition: str) -> str:
    """An expression to evaluate in the page that ends once `condition`, a function, holds.

    Its promise rejects, naming the condition, when that takes longer than 30 seconds.
    """
    return f"() => ({COMES_TRUE})({condition})"
