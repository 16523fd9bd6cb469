// Times Microsoft's parser on queries: node microsoft_parser.js FOLDER QUERIES [SCHEMA]
// FOLDER holds oracle.js and its installed package; QUERIES is a JSON list of texts; with SCHEMA they are bound too.
// Prints a JSON list: milliseconds a query, in the second pass over all of them (the first warms the compiler up).
'use strict';
const fs = require('fs');
const path = require('path');

const [folder, queriesFile, schemaFile] = process.argv.slice(2);
const { KL, globalsFor } = require(path.join(path.resolve(folder), 'oracle.js'));
const queries = JSON.parse(fs.readFileSync(queriesFile, 'utf8'));
const globals = globalsFor(schemaFile ? JSON.parse(fs.readFileSync(schemaFile, 'utf8')) : undefined);

function milliseconds(text) {
  const start = process.hrtime.bigint();
  if (schemaFile) KL.KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics();
  else KL.KustoCode.Parse(text, globals).GetSyntaxDiagnostics();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

queries.forEach(milliseconds);
process.stdout.write(JSON.stringify(queries.map(milliseconds)));
