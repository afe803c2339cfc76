// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Runs bindings/scenarios.json; bindings/README.md says what its keys mean.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';

import * as pygrpc from 'pygrpc';

export const FILES = [
  'helloworld.proto',
  'route_guide.proto',
  'pygrpc_test/test.proto',
  'pygrpc_test/proto2.proto',
];

/** A value of the file, as JavaScript has it. */
function native(value) {
  if (Array.isArray(value)) return value.map(native);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1) {
    const [[key, content]] = entries;
    if (key === '$bytes') return Buffer.from(content, 'base64');
    if (key === '$int') return BigInt(content);
    if (key === '$float') return Number(content);
    if (key === '$repeat') return content[0].repeat(content[1]);
  }
  return Object.fromEntries(entries.map(([key, each]) => [key, native(each)]));
}

function matchesSpecial(key, content, found) {
  switch (key) {
    case '$any':
      return found !== undefined;
    case '$absent':
      return found === undefined;
    case '$bytes':
      return found === content || (Buffer.isBuffer(found) && found.toString('base64') === content);
    case '$int':
      return typeof found !== 'number' || Number.isSafeInteger(found)
        ? String(found) === content
        : false;
    case '$float': {
      const number = Number(content);
      return Object.is(found, number) || (!Object.is(number, -0) && found === content);
    }
    default:
      return found === content[0].repeat(content[1]);
  }
}

function matches(expected, found) {
  if (Array.isArray(expected)) {
    return (
      Array.isArray(found) &&
      found.length === expected.length &&
      expected.every((each, index) => matches(each, found[index]))
    );
  }
  if (typeof expected === 'object' && expected !== null) {
    const entries = Object.entries(expected);
    if (entries.length === 1 && entries[0][0].startsWith('$')) {
      return matchesSpecial(...entries[0], found);
    }
    return (
      typeof found === 'object' &&
      found !== null &&
      entries.every(([key, each]) => matches(each, found[key]))
    );
  }
  if (typeof expected !== 'number') return found === expected;
  if (typeof found === 'string') return found.trim() !== '' && Number(found) === expected;
  return typeof found === 'number' && found === expected;
}

function expect(what, expected, found) {
  if (!matches(expected, found)) {
    throw new Error(`${what}: expected ${JSON.stringify(expected)}, found ${inspect(found)}`);
  }
}

function* endless(listed) {
  yield* listed;
  for (;;) yield listed.at(-1);
}

/** Runs scenarios against a server. */
export class Runner {
  constructor(target, client) {
    this.target = target;
    this.default = client;
  }

  static async start(target) {
    const client = new pygrpc.Client(target);
    for (const file of FILES) await client.load(file);
    return new Runner(target, client);
  }

  /** Runs one. Throws if it does not come to what is expected. */
  async run(scenario) {
    const outcome = { responses: [] };
    const options = native(scenario.options ?? {});
    const tag = randomUUID();
    if (scenario.expect.cancelled) options.metadata = { ...options.metadata, 'x-call-tag': tag };
    const began = performance.now();
    try {
      await this.#act(scenario, options, outcome);
    } catch (error) {
      if (!(error instanceof pygrpc.PygrpcError)) throw error;
      outcome.error = error;
    }
    outcome.milliseconds = performance.now() - began;
    this.#compare(scenario.expect, outcome);
    if (scenario.expect.cancelled) {
      const request = { tag, waitForCancelled: 1, waitAtMost: '60s' };
      const counts = await this.default.unaryUnary('GetCallCounts', request, { timeout: 90 });
      expect('cancelled', 1, counts.cancelled);
    }
  }

  async #act(scenario, options, outcome) {
    if (!['client', 'target', 'load'].some((key) => key in scenario)) {
      await this.#actOn(this.default, scenario, options, outcome);
      return;
    }
    const target = scenario.target === undefined ? this.target : scenario.target;
    const client = new pygrpc.Client(target, native(scenario.client ?? {}));
    try {
      if (scenario.action === 'new_client') return;
      const isLoading = scenario.action === 'load';
      if (isLoading) closeTwiceIf(scenario, client);
      if ('load' in scenario) {
        for (const source of scenario.load)
          await load(client, source, isLoading ? options : undefined);
      } else {
        await client.load(this.default);
      }
      closeTwiceIf(scenario, client);
      if (!isLoading) await this.#actOn(client, scenario, options, outcome);
    } finally {
      client.close();
    }
  }

  async #actOn(client, scenario, options, outcome) {
    const { action, method } = scenario;
    let request = native(scenario.request);
    if ('requests' in scenario) {
      const listed = scenario.requests.map(native);
      request = scenario.repeat_last ? endless(listed) : listed;
    }
    const name = action.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
    if (action === 'cardinality') {
      outcome.responses.push(await client.cardinality(method));
    } else if (action === 'conversation') {
      await converse(client.streamStream(method, undefined, options), request, outcome);
    } else if (action === 'call') {
      const call = await client.call(method, request, options);
      if (scenario.cancel_after !== 0) outcome.headers = await call.headers();
      await read(call, scenario, outcome);
      outcome.trailers = await call.trailers();
    } else {
      const result = await client[name](method, request, options);
      if (result instanceof Object && Symbol.asyncIterator in result) {
        await read(result, scenario, outcome);
      } else {
        outcome.responses.push(result);
      }
    }
  }

  #compare(wanted, outcome) {
    const { error } = outcome;
    if (!('error' in wanted) && error !== undefined) throw error;
    for (const [key, value] of Object.entries(wanted)) {
      if (key === 'message') {
        for (const part of value) {
          if (!error?.message.includes(part)) {
            throw new Error(`${inspect(part)} is not in the message ${inspect(error?.message)}`);
          }
        }
      } else if (key === 'at_least_ms' || key === 'at_most_ms') {
        const tooMuch = outcome.milliseconds - value;
        if (key === 'at_most_ms' ? tooMuch > 0 : tooMuch < 0) {
          throw new Error(`it took ${outcome.milliseconds} ms; ${key} is ${value}`);
        }
      } else if (key !== 'cancelled') {
        expect(key, value, FOUND[key](outcome));
      }
    }
  }
}

const FOUND = {
  response: ({ responses }) => (responses.length === 1 ? responses[0] : undefined),
  responses: ({ responses }) => responses,
  count: ({ responses }) => responses.length,
  headers: ({ headers }) => headers,
  trailers: ({ trailers }) => trailers,
  error: ({ error }) => (error instanceof pygrpc.RpcError ? 'E_STATUS' : error?.codeName),
  status: ({ error }) => error?.codeName,
  status_message: ({ error }) => error?.statusMessage,
  details: ({ error }) => error?.details,
  error_trailers: ({ error }) => error?.trailers,
  info: ({ error }) => error?.info,
};

function closeTwiceIf(scenario, client) {
  if (!scenario.close_first) return;
  client.close();
  client.close();
}

async function load(client, source, options) {
  if (typeof source === 'string') {
    await client.load(source, options);
  } else if ('proto' in source) {
    await client.loadProto(source.proto, source.text);
  } else {
    await client.load(native(source.descriptor_set));
  }
}

async function read(call, scenario, outcome) {
  if (scenario.cancel_after === 0) call.cancel();
  for await (const response of call) {
    outcome.responses.push(response);
    if (outcome.responses.length === scenario.leave_after) break;
    if (outcome.responses.length === scenario.cancel_after) call.cancel();
  }
}

async function converse(call, messages, outcome) {
  for (const message of messages) {
    await call.write(message);
    outcome.responses.push(await call.read());
  }
  call.halfClose();
  for await (const response of call) outcome.responses.push(response);
}

/** What the file holds. */
export function scenarios() {
  return JSON.parse(readFileSync(process.env.PYGRPC_SCENARIOS, 'utf8'));
}
