// Asks the browser's matcher every case on standard input; answers verdicts by case and card.
import { build } from "esbuild";

const { cards, cases, definitions } = JSON.parse(await new Response(process.stdin).text());
const [{ contents }] = (
  await build({ entryPoints: [process.argv[2]], bundle: true, format: "esm", write: false })
).outputFiles;
const { matchFilter } = await import(
  `data:text/javascript;base64,${Buffer.from(contents).toString("base64")}`
);

const typeKeyOf = (ref) => `${ref.module}/${ref.name}`;
const shape = (key) => {
  const definition = definitions[key];
  if (!definition) return undefined;
  return {
    isCard: definition.type === "card-def",
    field: (name) => {
      const field = definition.fields[name];
      if (!field || field.query) return undefined;
      return {
        isPlural: field.type.endsWith("Many"),
        isLink: field.type.startsWith("links"),
        valueType: field.valueType ?? null,
        shape: () => (field.isPrimitive ? undefined : shape(typeKeyOf(field.card))),
      };
    },
  };
};

const verdicts = cases.map(({ filter }) =>
  Object.fromEntries(
    cards.map(({ name, doc, types }) => [
      name,
      matchFilter(filter, { doc, types }, { typeKeyOf, valueOf: typeKeyOf, shape }),
    ]),
  ),
);
process.stdout.write(JSON.stringify(verdicts));
