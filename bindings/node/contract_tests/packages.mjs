// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The tests of the README, the types, the style and the package.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { connect, PACKAGE_ROOT, runNode, TARGET } from './support.mjs';

const execute = promisify(execFile);

/** Runs a program of the package's; what it said is part of the failure. */
async function run(program, args, settings = {}) {
  try {
    const { stdout } = await execute(program, args, { cwd: PACKAGE_ROOT, ...settings });
    return stdout;
  } catch (error) {
    throw new Error(`${program} ${args.join(' ')}: ${error.stdout}${error.stderr}`);
  }
}

const tool = (name, ...args) => run(join(PACKAGE_ROOT, 'node_modules', '.bin', name), args);

/** The examples of the README, by their language. */
function examples() {
  const readme = readFileSync(join(PACKAGE_ROOT, 'README.md'), 'utf8');
  return [...readme.matchAll(/```(\w+)\n(.*?)```/gs)].map(([, language, text]) => ({
    language,
    text: text.replaceAll('localhost:50051', TARGET),
  }));
}

async function readme_example() {
  const [program, output] = examples();
  assert.equal(program.language, 'js');
  assert.ok(program.text.trim().split('\n').length <= 15);
  assert.equal(await runNode(program.text, { preamble: '' }), output.text);
}

async function readme_examples() {
  // All others continue where the first ends.
  const [first, , ...others] = examples().filter(({ language }) => /js|text/.test(language));
  const preamble = `${first.text}\nimport * as pygrpc from 'pygrpc';\n`;
  for (const { language, text } of others) {
    if (language !== 'js') continue;
    const body = text.replace(/^import .*\n/gm, '');
    await runNode(`{\n${body}\n}\nclient.close();`, { preamble });
  }
}

async function types() {
  await tool('tsc', '--noEmit');
  await tool('tsc', '--project', 'contract_tests/types');
}

async function style() {
  await tool('eslint', '--max-warnings', '0', '.');
  await tool('prettier', '--check', '.');
}

async function packageInstalls() {
  const scratch = mkdtempSync(join(tmpdir(), 'pygrpc-package-'));
  try {
    const { PYGRPC_LIBRARY, ...environment } = process.env;
    const args = ['scripts/pack.mjs', PYGRPC_LIBRARY, scratch];
    const file = (await run(process.execPath, args)).trim().split('\n').at(-1);
    const folder = join(scratch, 'empty');
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
    await run('npm', ['install', '--no-audit', '--no-fund', '--fetch-retries=5', file], {
      cwd: folder,
    });
    copyFileSync(
      join(process.env.PYGRPC_PROTO_PATH, 'helloworld.proto'),
      join(folder, 'helloworld.proto'),
    );
    delete environment.PYGRPC_PROTO_PATH;
    const body = `
      const client = new Client(process.env.PYGRPC_TEST_TARGET);
      client.loadSync('helloworld.proto');
      client.unaryUnary('SayHello', { name: 'you' }).then(({ message }) => {
        console.log(message, fs.readFileSync('/proc/self/maps', 'utf8').includes(process.cwd() + '/node_modules/pygrpc/native'));
        return client.load('reflection');
      });`;
    writeFileSync(
      join(folder, 'program.mjs'),
      `import fs from 'node:fs';\nimport { Client } from 'pygrpc';\n${body}`,
    );
    writeFileSync(
      join(folder, 'program.cjs'),
      `const fs = require('fs');\nconst { Client } = require('pygrpc');\n${body}`,
    );
    for (const program of ['program.mjs', 'program.cjs']) {
      const output = await run(process.execPath, [program], { cwd: folder, env: environment });
      assert.equal(output, 'Hello, you! true\n');
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

async function example_of_documentation_is_complete() {
  // Each public method of Client is in the README.
  const readme = readFileSync(join(PACKAGE_ROOT, 'README.md'), 'utf8');
  const client = await connect();
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(client));
  client.close();
  const missing = names.filter((name) => name !== 'constructor' && !readme.includes(`${name}`));
  assert.deepEqual(missing, []);
}

export const tests = {
  readme_example,
  readme_examples,
  types,
  style,
  package: packageInstalls,
  readme_names_all_methods: example_of_documentation_is_complete,
};
