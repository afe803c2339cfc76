// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What the tests of the contract share.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Client } from 'pygrpc';

import { FILES } from './scenarios.mjs';

export const PACKAGE_ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const TARGET = process.env.PYGRPC_TEST_TARGET;

/** The test does not apply, and why. */
export class Inapplicable extends Error {}

/** A client that has loaded what the scenarios need. */
export async function connect(options) {
  const client = new Client(TARGET, options);
  for (const file of FILES) await client.load(file);
  return client;
}

/** Metadata that the server knows a call by. */
export function tagged() {
  const tag = randomUUID();
  return { tag, options: { metadata: { 'x-call-tag': tag } } };
}

/** Until the server has seen the call with the tag cancelled. */
export async function waitUntilCancelled(client, tag) {
  const request = { tag, waitForCancelled: 1, waitAtMost: '60s' };
  const counts = await client.unaryUnary('GetCallCounts', request, { timeout: 90 });
  assert.equal(Number(counts.cancelled), 1, 'the calls that the server saw cancelled');
}

/** Until the server has seen so many calls with the tag. */
export async function waitUntilStarted(client, tag, calls = 1) {
  const request = { tag, waitForStarted: calls, waitAtMost: '60s' };
  const counts = await client.unaryUnary('GetCallCounts', request, { timeout: 90 });
  assert.equal(Number(counts.started), calls, 'the calls that the server saw started');
}

/** Until the condition holds. */
export async function waitFor(condition, what, milliseconds = 60_000) {
  const deadline = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`in ${milliseconds} ms not: ${what}`);
    await sleep(5);
  }
}

/** Checks a time, in ms: the first attempt below the limit counts, for the machine may be busy. */
export async function fastEnough(attempt, limit) {
  const times = [];
  for (let count = 0; count < 10; count++) {
    times.push(await attempt());
    if (times.at(-1) < limit) return;
  }
  throw new Error(`it took ${Math.min(...times)} ms, more than ${limit}`);
}

/** How long it took, in ms. */
export async function timed(action) {
  const began = performance.now();
  await action();
  return performance.now() - began;
}

// What every program of startNode() begins with.
const PREAMBLE = `
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as pygrpc from 'pygrpc';

async function connect(options) {
  const client = new pygrpc.Client(process.env.PYGRPC_TEST_TARGET, options);
  await client.load('helloworld.proto');
  await client.load('pygrpc_test/test.proto');
  return client;
}
const mapped = () =>
  new Set(fs.readFileSync('/proc/self/maps', 'utf8').match(/\\S*libpygrpc\\.so\\S*/g) ?? []);
`;

/** Starts another Node with the code; the changes are of its environment. */
export function startNode(code, { preamble = PREAMBLE, cwd = PACKAGE_ROOT, ...changes } = {}) {
  const environment = { ...process.env, ...changes };
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === null) delete environment[name];
  }
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--input-type=module', '--eval', preamble + code],
    { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  child.text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      child.text[name] += text;
    });
  }
  child.ended = new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...child.text }));
  });
  return child;
}

/** What the code prints in another Node, which has to end with 0 and no complaint. */
export async function runNode(code, settings = {}) {
  const child = startNode(code, settings);
  const timer = setTimeoutOf(child, settings.milliseconds ?? 240_000);
  const ended = await child.ended;
  clearTimeout(timer);
  const { code: status, signal, stderr } = ended;
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
  return ended.stdout;
}

function setTimeoutOf(child, milliseconds) {
  return setTimeout(() => child.kill('SIGKILL'), milliseconds);
}
