// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The tests of what programs give to the package, and should not, or in another form.

import assert from 'node:assert/strict';

import * as pygrpc from 'pygrpc';

import { connect, runNode, TARGET } from './support.mjs';

async function withClient(test) {
  const client = await connect();
  try {
    await test(client);
  } finally {
    client.close();
  }
}

/** As a function that gives a promise, whether the other throws or rejects. */
const later =
  (action) =>
  async (...values) =>
    action(...values);

async function empty_bytes() {
  await withClient(async (client) => {
    const options = { codec: 'binary' };
    const hello = { name: 'helloworld.HelloRequest', reply: Buffer.from('\n\x08Hello, !') };
    const empty = [
      new Uint8Array(0),
      Buffer.alloc(0),
      new ArrayBuffer(0),
      new DataView(new ArrayBuffer(4), 2, 0),
      new Uint8Array(new SharedArrayBuffer(0)),
      client.jsonToBinary(hello.name, {}),
    ];
    for (const bytes of empty) {
      assert.deepEqual(await client.unaryUnary('SayHello', bytes, options), hello.reply);
      const both = client.streamStream('SayHelloBidiStream', [bytes, bytes], options);
      for await (const reply of both) assert.deepEqual(reply, hello.reply);
      assert.equal(both.status, pygrpc.statuses.OK);
      assert.deepEqual(client.binaryToJson(hello.name, bytes), { name: '' });
    }
    // The same where the request is given to a worker thread, with what asks for reflection.
    const reflecting = new pygrpc.Client(TARGET, options);
    assert.deepEqual(await reflecting.unaryUnary('SayHello', empty[0]), hello.reply);
    reflecting.close();

    for (const text of ['', new Uint8Array(0)]) await client.loadProto('empty.proto', text);
    const nothing = client.load(new Uint8Array(0));
    await assert.rejects(nothing, { name: 'SchemaError', message: /not a descriptor set/ });
  });
}

async function values_of_other_types() {
  // Whatever is given, it is an error of JavaScript's; as an address it would end the process.
  const program = `
    const client = await connect();
    const call = client.streamStream('SayHelloBidiStream', undefined, { codec: 'binary' });
    const values = [
      5, 5n, -1, NaN, true, Symbol('a'), () => 5, { a: 1 }, [1, 2], new Date(), new ArrayBuffer(4),
      new Uint16Array([1, 2]), new Map(), Object.create(Uint8Array.prototype), new String('a'),
    ];
    const texts = {
      target: (value) => new pygrpc.Client(value),
      library: (value) => pygrpc.loadLibrary(value),
      load: (value) => client.load(value),
      loadSync: (value) => client.loadSync(value),
      filename: (value) => client.loadProto(value, ''),
      describe: (value) => client.describe(value),
      template: (value) => client.template(value),
      jsonSchema: (value) => client.jsonSchema(value),
      format: (value) => client.export([], value),
      cardinality: (value) => client.cardinality(value),
      toBinary: (value) => client.jsonToBinary(value, {}),
      toJson: (value) => client.binaryToJson(value, Buffer.of()),
      unaryUnary: (value) => client.unaryUnary(value),
      unaryStream: (value) => client.unaryStream(value).read(),
      streamUnary: (value) => client.streamUnary(value, []),
      streamStream: (value) => client.streamStream(value).read(),
      request: (value) => client.request(value),
      call: (value) => client.call(value),
      health: (value) => client.health(value),
      healthWatch: (value) => client.healthWatch(value).read(),
    };
    const others = {
      text: (value) => client.loadProto('a.proto', value),
      bytes: (value) => client.binaryToJson('helloworld.HelloRequest', value),
      binary: (value) => client.unaryUnary('SayHello', value, { codec: 'binary' }),
      write: (value) => call.write(value),
      symbols: (value) => client.export(value),
      options: (value) => client.unaryUnary('SayHello', {}, value),
      streamOptions: (value) => client.unaryStream('SayHelloStreamReply', {}, value),
      loadOptions: (value) => client.load('helloworld.proto', value),
      schemaOptions: (value) => client.jsonSchema('helloworld.HelloRequest', value),
      toBinaryOptions: (value) => client.jsonToBinary('helloworld.HelloRequest', {}, value),
      toJsonOptions: (value) => client.binaryToJson('helloworld.HelloRequest', Buffer.of(), value),
      waitOptions: (value) => client.waitReady(value),
      withOptions: (value) => client.withOptions(value),
      clientOptions: (value) => new pygrpc.Client(null, value),
    };
    const allowed = {
      symbols: (value) => Array.isArray(value),
      // Bytes, as those of fields.
      bytes: (value) => value instanceof ArrayBuffer,
      binary: (value) => value instanceof ArrayBuffer,
      write: (value) => value instanceof ArrayBuffer,
    };
    const isObject = (value) => typeof value === 'object' && !(Symbol.iterator in value);
    let count = 0;
    for (const [name, give] of Object.entries({ ...texts, ...others })) {
      for (const value of values) {
        if (allowed[name]?.(value) || (/options/i.test(name) && isObject(value))) continue;
        const error = await (async () => give(value))().catch((error) => error);
        count++;
        if (!(error instanceof TypeError) || error.message.includes('\\n')) {
          console.log(name, value, 'came to', error);
        }
      }
    }
    console.log(count > 400, (await client.unaryUnary('SayHello', { name: 'you' })).message);
    call.close();
    client.close();`;
  assert.equal(await runNode(program), 'true Hello, you!\n');
}

async function types_in_messages() {
  await withClient(async (client) => {
    const named = [
      [() => client.loadProto('x.proto', 5), /x\.proto.*string or a Uint8Array, not a number/],
      [() => client.loadProto('x.proto', null), /not null/],
      [() => client.loadProto('x.proto', new Uint16Array(2)), /not a Uint16Array/],
      [() => client.load([1]), /not an Array/],
      [() => client.unaryUnary('SayHello', {}, 5), /options are an object.*not a number/],
      [() => client.unaryUnary('SayHello', {}, new Map()), /options are an object.*not a Map/],
      [() => client.streamUnary('RecordRoute'), /requests of RecordRoute.*iterable/],
      [() => client.unaryUnary(), /method's name is a string, not undefined/],
    ];
    for (const [give, message] of named) {
      await assert.rejects(later(give), { name: 'TypeError', message });
    }
  });
}

// ---- Signals

async function no_signal() {
  await withClient(async (client) => {
    const wrong = [
      [
        new AbortController(),
        /option "signal" is an AbortController, not an AbortSignal: .*signal/,
      ],
      [5, /option "signal" is a number, not an AbortSignal$/],
      [{ aborted: false }, /option "signal" is an Object, not an AbortSignal$/],
    ];
    for (const [signal, message] of wrong) {
      const uses = {
        unaryUnary: (options) => client.unaryUnary('SayHello', {}, options),
        unaryStream: (options) => client.unaryStream('SayHelloStreamReply', {}, options).read(),
        streamUnary: (options) => client.streamUnary('RecordRoute', [], options),
        withOptions: (options) => client.withOptions(options).unaryUnary('SayHello', {}),
        health: (options) => client.health('', options),
        waitReady: (options) => client.waitReady(options),
      };
      for (const use of Object.values(uses)) {
        await assert.rejects(later(use)({ signal }), { name: 'OptionError', message });
      }
    }
    for (const signal of [undefined, null]) {
      const { message } = await client.unaryUnary('SayHello', { name: 'you' }, { signal });
      assert.equal(message, 'Hello, you!');
    }
  });
}

async function signals_of_others() {
  // One that is no AbortSignal of Node's, and one that fails.
  await withClient(async (client) => {
    const reason = new Error('own');
    const signal = Object.assign(new EventTarget(), { aborted: false, reason });
    const waiting = client.unaryUnary('NeverAnswer', {}, { timeout: 60, signal });
    signal.dispatchEvent(new Event('abort'));
    await assert.rejects(waiting, (error) => error === reason);

    const failing = {
      aborted: false,
      addEventListener() {},
      removeEventListener() {
        throw reason;
      },
    };
    const call = () => client.unaryUnary('SayHello', { name: 'you' });
    const stream = client.unaryStream('SayHelloStreamReply', {}, { signal: failing });
    const all = [
      call(),
      client.unaryUnary('SayHello', {}, { signal: failing }),
      ...Array.from({ length: 20 }, call),
    ];
    const [first, failed, ...others] = await Promise.allSettled(all);
    assert.equal(failed.reason, reason);
    for (const { value } of [first, ...others]) assert.equal(value?.message, 'Hello, you!');
    let replies = 0;
    for await (const _ of stream) replies++;
    assert.equal(replies, 5);
  });
}

// ---- Metadata, durations

async function forms_of_metadata() {
  await withClient(async (client) => {
    const sent = async (metadata) => {
      const echo = await client.unaryUnary('EchoMetadata', {}, { metadata });
      const own = echo.metadata.filter(({ key }) => key.startsWith('x-'));
      return own.map(({ key, text, binary }) => `${key}: ${text ?? binary}`).sort();
    };
    const bytes = Buffer.from('a');
    function* pairs() {
      yield ['x-a', '1'];
    }
    const forms = [
      [{ 'x-a': '1', 'x-b': undefined, 'x-c-bin': [bytes] }, ['x-a: 1', 'x-c-bin: YQ==']],
      [new Map([['x-a', ['1', '2']]]), ['x-a: 1', 'x-a: 2']],
      [new Headers({ 'X-A': '1', 'x-b': '2' }), ['x-a: 1', 'x-b: 2']],
      [pairs(), ['x-a: 1']],
      [
        [
          ['x-a', '1'],
          ['x-a', '2'],
          ['x-c-bin', bytes],
          ['x-d', undefined],
        ],
        ['x-a: 1', 'x-a: 2', 'x-c-bin: YQ=='],
      ],
      [{}, []],
      [[], []],
      [undefined, []],
    ];
    for (const [metadata, wanted] of forms) assert.deepEqual(await sent(metadata), wanted);

    const wrong = [
      [5, /option "metadata" takes an object, a Map, .*, not a number/],
      ['abc', /option "metadata" takes .*, not a string/],
      [[5], /option "metadata": an Array gives a number, not pairs/],
      [[['x-a']], /option "metadata": an Array gives an array of 1, not pairs/],
      [new Set(['ab']), /option "metadata": a Set gives a string, not pairs/],
      [new Map([[5, 'a']]), /option "metadata": a key is a string, not a number/],
      [{ 'x-a': 5 }, /option "metadata": the values of 'x-a' are strings, not a number/],
      [{ 'x-a': null }, /option "metadata": the values of 'x-a' are strings, not null/],
      [{ 'x-a-bin': 'a' }, /option "metadata": .* 'x-a-bin' are Uint8Arrays, not a string/],
    ];
    for (const [metadata, message] of wrong) {
      await assert.rejects(sent(metadata), { name: 'TypeError', message });
    }
    const reflection_metadata = { 'x-a': 5 };
    assert.throws(() => new pygrpc.Client(TARGET, { reflection_metadata }), {
      name: 'TypeError',
      message: /option "reflection_metadata": .*'x-a'/,
    });
  });
}

async function wait_ready_for_a_duration() {
  const { createServer } = await import('node:net');
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new pygrpc.Client(`127.0.0.1:${server.address().port}`); // which says nothing
  try {
    for (const timeout of [0, 0.01, '0ms', '10ms', '0.01s', '0.0001m']) {
      assert.equal(await client.waitReady({ timeout }), false, timeout);
    }
    for (const timeout of [NaN, -1, '2', 's', '-1s', '1 s', 5n, {}, [1]]) {
      const wanted = { name: 'OptionError', message: /^option "timeout" takes .*"2s".* not / };
      await assert.rejects(client.waitReady({ timeout }), wanted);
    }
  } finally {
    client.close();
    server.close();
  }
  await withClient(async (connected) => {
    for (const timeout of [60, '60s', '1m', 'none', Infinity, undefined]) {
      assert.equal(await connected.waitReady({ timeout }), true);
    }
  });
}

export const tests = {
  empty_bytes,
  values_of_other_types,
  types_in_messages,
  no_signal,
  signals_of_others,
  forms_of_metadata,
  wait_ready_for_a_duration,
};
