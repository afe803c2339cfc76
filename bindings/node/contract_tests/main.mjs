// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Runs the scenarios and the tests of the contract, and prints TAP.

import * as args from './arguments.mjs';
import * as calls from './calls.mjs';
import * as libraries from './libraries.mjs';
import * as packages from './packages.mjs';
import * as processes from './processes.mjs';
import { Runner, scenarios } from './scenarios.mjs';
import { Inapplicable } from './support.mjs';

const LIMIT = 300_000; // ms for one test

/** Every test by its name; the scenarios come first. */
function allTests() {
  const tests = new Map();
  let runner;
  for (const scenario of scenarios()) {
    tests.set(scenario.name, async () => {
      runner ??= await Runner.start(process.env.PYGRPC_TEST_TARGET);
      await runner.run(scenario);
    });
  }
  for (const module of [calls, args, libraries, processes, packages]) {
    for (const [name, test] of Object.entries(module.tests)) tests.set(name, test);
  }
  return tests;
}

async function within(milliseconds, test) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${milliseconds} ms`)), milliseconds);
  });
  try {
    await Promise.race([test(), late]);
  } finally {
    clearTimeout(timer);
  }
}

const unhandled = [];
process.on('unhandledRejection', (error) => unhandled.push(error));

const tests = allTests();
const wanted = process.argv.length > 2 ? process.argv.slice(2) : [...tests.keys()];
let failed = 0;
console.log(`1..${wanted.length}`);
for (const [index, name] of wanted.entries()) {
  const label = `${index + 1} - ${name}`;
  try {
    const test = tests.get(name);
    if (test === undefined) throw new Error('there is no such test');
    await within(LIMIT, test);
    await new Promise(setImmediate);
    if (unhandled.length > 0) throw unhandled.shift();
    console.log(`ok ${label}`);
  } catch (error) {
    if (error instanceof Inapplicable) {
      console.log(`ok ${label} # SKIP ${error.message}`);
      continue;
    }
    failed++;
    unhandled.length = 0;
    const lines = String(error?.stack ?? error).split('\n');
    console.log([`not ok ${label}`, ...lines.map((line) => `# ${line}`)].join('\n'));
  }
}
process.exit(failed > 0 ? 1 : 0);
