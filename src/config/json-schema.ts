// Owns the JSON Schema of statuswire.yaml, for editors: made from the zod schema, so that it cannot say anything else.
import { z } from 'zod';
import { ConfigSchema } from './schema.ts';

const reference = '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}';

/** The schema as the text of statuswire.schema.json. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(ConfigSchema, { io: 'input' });
  const titled = { $schema: schema.$schema, title: 'Statuswire configuration', ...allowReferences(schema) };
  return `${JSON.stringify(titled, undefined, 2)}\n`;
}

type Json = Readonly<Record<string, unknown>>;

/** Lets `${NAME}` stand wherever a text has to have a form: it is replaced before the form is judged. */
function allowReferences(schema: Json): Json {
  const inner = Object.entries(schema)
    // `format` has no room for a reference; where there is a pattern too, that says enough.
    .filter(([key]) => !(key === 'format' && schema.type === 'string'))
    // Names of accounts and sources are keys, in which nothing is replaced.
    .map(([key, value]) => [key, key === 'propertyNames' ? value : descend(value)]);
  const pattern = typeof schema.pattern === 'string' ? { pattern: `${schema.pattern}|${reference}` } : {};
  return { ...Object.fromEntries(inner), ...pattern };
}

function descend(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(descend);
  return typeof value === 'object' && value !== null ? allowReferences(value as Json) : value;
}
