// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// A client for Node, measured as bench/bindings/README.md says: worker.cjs PACKAGE CLIENT

'use strict';

const assert = require('node:assert/strict');
const { join } = require('node:path');
const { createInterface } = require('node:readline');

const [packageRoot, clientName] = process.argv.slice(2);
const { PYGRPC_TEST_TARGET: target, PYGRPC_PROTO_PATH: protos } = process.env;

const IN_FLIGHT = 64;
const SIZE = 10;
const GREETING = 'Hello, you!';

async function withPygrpc() {
  const { Client } = require(packageRoot);
  const client = new Client(target);
  await client.load('helloworld.proto');
  await client.load('pygrpc_test/test.proto');
  return {
    call: () => client.unaryUnary('SayHello', { name: 'you' }),
    stream: (messages, bufferHint) => client.unaryStream('StreamPayloads', { messages, size: SIZE, bufferHint }),
  };
}

async function withGrpcJs() {
  const grpc = require('@grpc/grpc-js');
  const { loadSync } = require('@grpc/proto-loader');
  const options = { includeDirs: [protos], longs: String, enums: String, defaults: true, oneofs: true };
  const files = ['helloworld.proto', 'pygrpc_test/test.proto'];
  const { helloworld, pygrpc } = grpc.loadPackageDefinition(
    loadSync(files.map((file) => join(protos, file)), options),
  );
  const credentials = grpc.credentials.createInsecure();
  const greeter = new helloworld.Greeter(target, credentials);
  const test = new pygrpc.test.Test(target, credentials);
  return {
    call: () =>
      new Promise((resolve, reject) => {
        greeter.sayHello({ name: 'you' }, (error, reply) => (error ? reject(error) : resolve(reply)));
      }),
    stream: (messages, bufferHint) => test.streamPayloads({ messages, size: SIZE, bufferHint }),
  };
}

const clients = { pygrpc: withPygrpc, 'grpc-js': withGrpcJs };

/** What the cases do, with a client. */
function casesOf({ call, stream }) {
  async function calls(count) {
    for (let done = 0; done < count; done++) assert.equal((await call()).message, GREETING);
  }
  async function messages(count, gathered) {
    let received = 0;
    for await (const payload of stream(count, gathered)) {
      if (payload.body.length > 0) received++;
    }
    assert.equal(received, count);
  }
  return {
    unary_1: calls,
    async unary_64(count) {
      const shares = Array.from({ length: IN_FLIGHT }, (_, number) =>
        Math.floor(count / IN_FLIGHT) + (number < count % IN_FLIGHT ? 1 : 0),
      );
      await Promise.all(shares.map(calls));
    },
    stream: (count) => messages(count, false),
    burst: (count) => messages(count, true),
  };
}

async function main() {
  const cases = casesOf(await clients[clientName]());
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, count] = line.split(' ');
    const began = process.hrtime.bigint();
    await cases[name](Number(count));
    console.log(Number(process.hrtime.bigint() - began) / 1e9);
  }
  process.exit();
}

main();
