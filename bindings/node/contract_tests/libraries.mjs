// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The tests of finding and loading the library, each in a process of its own.

import assert from 'node:assert/strict';

import { runNode } from './support.mjs';

const { PYGRPC_LIBRARY, PYGRPC_OLD_LIBRARY } = process.env;

const CALL = `
const client = await connect();
console.log((await client.unaryUnary('SayHello', { name: 'you' })).message);
`;
const FAIL = `
try {
  new pygrpc.Client('localhost:1');
  console.log('made');
} catch (error) {
  console.log(error.name, error instanceof pygrpc.LibraryError, error.message);
  console.log(JSON.stringify(error.searched));
}
`;

async function library_from_path() {
  const program = `pygrpc.loadLibrary(${JSON.stringify(PYGRPC_LIBRARY)});
    try { pygrpc.loadLibrary('/nowhere'); } catch (error) { console.log(error.name); }
    ${CALL}`;
  const output = await runNode(program, { PYGRPC_LIBRARY: null });
  assert.equal(output, 'LibraryError\nHello, you!\n');
}

async function library_from_environment() {
  assert.equal(await runNode(CALL), 'Hello, you!\n');
  const output = await runNode(FAIL, { PYGRPC_LIBRARY: '/nowhere/libpygrpc.so.0' });
  assert.match(output, /LibraryError true/);
  assert.equal(JSON.parse(output.trim().split('\n').at(-1)).length, 1);
}

async function library_not_found() {
  const named = await runNode(FAIL, { PYGRPC_LIBRARY: '/nowhere/libpygrpc.so.0' });
  assert.match(named, /LibraryError true .*\/nowhere\/libpygrpc\.so\.0/);
  const unnamed = await runNode(FAIL, { PYGRPC_LIBRARY: null, LD_LIBRARY_PATH: null });
  assert.match(unnamed, /native\/\S*libpygrpc\.so\.0 \(bundled\): there is no such file/);
  assert.match(unnamed, /libpygrpc\.so\.0 \(the system's loader\): /);
}

async function library_is_another() {
  const output = await runNode(FAIL, { PYGRPC_LIBRARY: 'libc.so.6' });
  assert.match(output, /LibraryError true .*libc\.so\.6.*lacks pygrpc_abi_version/);
}

async function library_too_old() {
  const output = await runNode(FAIL, { PYGRPC_LIBRARY: PYGRPC_OLD_LIBRARY });
  assert.match(output, /LibraryError true .*ABI is 0, this package needs 1 or later/);
}

async function library_loaded_locally() {
  const program = `${CALL}
    import { createRequire } from 'node:module';
    const koffi = createRequire(process.cwd() + '/package.json')('koffi');
    console.log(mapped().size);
    try {
      koffi.load(null).func('const char *pygrpc_version(void)');
      console.log('it is in the global scope');
    } catch {
      console.log('it is not in the global scope');
    }`;
  assert.equal(await runNode(program), 'Hello, you!\n1\nit is not in the global scope\n');
}

async function import_starts_nothing() {
  const threads = "fs.readdirSync('/proc/self/task')";
  const preamble = `
    import fs from 'node:fs';
    import { createRequire } from 'node:module';
    await fs.promises.readFile('/proc/self/comm'); // Node reads modules in threads of its own
    const before = ${threads};
    await import('pygrpc');
    createRequire(process.cwd() + '/package.json')('pygrpc');
    const maps = fs.readFileSync('/proc/self/maps', 'utf8');
    console.log(/libpygrpc|koffi\\.node/.test(maps), ${threads}.filter((id) => !before.includes(id)).length);`;
  assert.equal(await runNode('', { preamble }), 'false 0\n');
}

async function import_and_require() {
  const program = `
    import { createRequire } from 'node:module';
    const required = createRequire(process.cwd() + '/package.json')('pygrpc');
    const names = (module) => Object.keys(module).filter((name) => name !== 'default').sort();
    console.log(required.Client === pygrpc.Client, String(names(required)) === String(names(pygrpc)));`;
  assert.equal(await runNode(program), 'true true\n');
}

export const tests = {
  library_from_path,
  library_from_environment,
  library_not_found,
  library_is_another,
  library_too_old,
  library_loaded_locally,
  import_starts_nothing,
  import_and_require,
};
