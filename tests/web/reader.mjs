// A standard Automerge opens an exported record and prints its entries as `id<TAB>text`, sorted by id.
// Usage: node reader.mjs FILE
import { readFileSync } from "node:fs";
import * as Automerge from "@automerge/automerge";

const [file] = process.argv.slice(2);
const document = Automerge.load(readFileSync(file));
for (const id of Object.keys(document.entries).sort()) {
  process.stdout.write(`${id}\t${document.entries[id]}\n`);
}
