// What a debugger does with a source map, for tests that stand in for one.
//
// In:  {map, url: where the map was fetched, of: [{line, column} of the served script],
//       at: [{line, column} of the source]}  as JSON on stdin; lines from 1, columns from 0
// Out: {sources: their addresses, contents, of: places in the source, at: places in the script}

import {
  generatedPositionFor,
  LEAST_UPPER_BOUND,
  originalPositionFor,
  TraceMap,
} from "@jridgewell/trace-mapping";

const { map, url, of, at } = JSON.parse(await readAll(process.stdin));
const trace = new TraceMap(map, url);
const source = trace.resolvedSources[0];
process.stdout.write(
  JSON.stringify({
    sources: trace.resolvedSources,
    contents: trace.sourcesContent,
    of: of.map((place) => originalPositionFor(trace, place)),
    at: at.map((place) => generatedPositionFor(trace, { source, bias: LEAST_UPPER_BOUND, ...place })),
  }),
);

async function readAll(stream) {
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
}
