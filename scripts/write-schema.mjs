// Writes statuswire.schema.json from the zod schema: `npx tsx scripts/write-schema.mjs`. A test compares the two.
import { writeFileSync } from 'node:fs';
import { jsonSchemaText } from '../src/config/json-schema.ts';

writeFileSync(new URL('../statuswire.schema.json', import.meta.url), jsonSchemaText());
