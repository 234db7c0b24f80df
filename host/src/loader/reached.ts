/** What the browser says when nobody answers, in words for people. */

export async function reached(asking: Promise<Response>): Promise<Response> {
  try {
    return await asking;
  } catch (error) {
    // Whoever broke it off knows why.
    if (!(error instanceof TypeError)) throw error;
    throw new Error("The server cannot be reached.", { cause: error });
  }
}
