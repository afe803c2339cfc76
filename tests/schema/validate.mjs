// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Validates what schema-proof wrote: each schema is a JSON Schema (2020-12) that ajv compiles in
// its strict mode; the JSON in "good" is accepted, that in "bad" is refused; tool definitions are
// what language models take.
//
// Usage: node validate.mjs MODULES CASES...   (MODULES: the directory with node_modules)

import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const [modules, ...files] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'package.json'));
const Ajv2020 = require('ajv/dist/2020').default;
const addFormats = require('ajv-formats').default;

const CASES_PER_VALIDATOR = 100; // it keeps all that it compiled
const FAULTS_SHOWN = 50;
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

let ajv;
let cases = 0;
let accepted = 0;
let refused = 0;
let faults = 0;

function newValidator() {
  const validator = new Ajv2020({ allErrors: false });
  addFormats(validator);
  // Of OpenAPI's registry; to JSON Schema any string.
  validator.addFormat('uint64', true);
  return validator;
}

function fault(text) {
  faults += 1;
  if (faults <= FAULTS_SHOWN) console.log(`fault: ${text}`);
}

function shortened(text) {
  return text.length > 600 ? `${text.slice(0, 600)}...` : text;
}

function checkTool(name, tool) {
  if (!TOOL_NAME.test(tool.name)) fault(`${name}: bad tool name ${tool.name}`);
  if (typeof tool.description !== 'string' || tool.description === '') {
    fault(`${name}: a tool without description`);
  }
  if (tool.inputSchema.type !== 'object') fault(`${name}: the input of a tool must be an object`);
  // At the top level of a tool's input some interfaces refuse them.
  for (const keyword of ['oneOf', 'anyOf', 'allOf']) {
    if (keyword in tool.inputSchema) fault(`${name}: the input of a tool has ${keyword}`);
  }
}

function check({ name, schema, tool, good, bad }) {
  if (cases % CASES_PER_VALIDATOR === 0) ajv = newValidator();
  cases += 1;
  if (tool !== undefined) checkTool(name, tool);
  let validate;
  try {
    validate = ajv.compile(schema ?? tool.inputSchema);
  } catch (error) {
    fault(`${name}: not a schema: ${error.message}`);
    return;
  }
  for (const text of good) {
    accepted += 1;
    if (!validate(JSON.parse(text))) {
      const [error] = validate.errors;
      fault(`${name}: refuses ${error.instancePath} (${error.schemaPath}): ${shortened(text)}`);
    }
  }
  for (const text of bad) {
    refused += 1;
    if (validate(JSON.parse(text))) fault(`${name}: accepts ${shortened(text)}`);
  }
}

for (const file of files) {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line !== '') check(JSON.parse(line));
  }
}
console.log(`${cases} schemas; ${accepted} texts to accept, ${refused} to refuse`);
if (cases === 0) fault('there was nothing to validate');
process.exitCode = faults === 0 ? 0 : 1;
