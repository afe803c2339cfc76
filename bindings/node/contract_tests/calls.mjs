// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The tests of the contract that are calls in this process.

import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId, Worker } from 'node:worker_threads';

import * as pygrpc from 'pygrpc';

import {
  connect,
  fastEnough,
  Inapplicable,
  runNode,
  tagged,
  TARGET,
  timed,
  waitFor,
  waitUntilCancelled,
  waitUntilStarted,
} from './support.mjs';

const HOUR = '3600s';
const isCancelled = { name: 'AbortError', code: pygrpc.statuses.CANCELLED };

async function withClient(test, options) {
  const client = await connect(options);
  try {
    await test(client);
  } finally {
    client.close();
  }
}

const resident = () => Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1]) * 4096;

/** A name for each of a test's calls. */
const numbered = (count, action) => Promise.all(Array.from({ length: count }, (_, n) => action(n)));

// ---- Values

async function wrong_native_value() {
  await withClient(async (client) => {
    const { tag, options } = tagged();
    const itself = { nestedValue: {} };
    itself.nestedValue.nested = itself;
    const rejected = [
      [{ repeatedString: ['a', new Set(['b'])] }, /\$\.repeatedString\[1\].*Set/],
      [{ stringValue: () => 'a' }, /\$\.stringValue.*function/],
      [{ mapStringString: { 'a b': Symbol('c') } }, /\$\.mapStringString\["a b"\].*symbol/],
      [{ nestedValue: Promise.resolve({}) }, /\$\.nestedValue.*Promise/],
      [{ repeatedString: ['a', undefined] }, /\$\.repeatedString\[1\].*undefined/],
      [itself, /\$\.nestedValue\.nested: .*holds itself/],
      [{ timestamp: new Date(NaN) }, /\$\.timestamp.*Date/],
    ];
    for (const [request, message] of rejected) {
      const call = client.unaryUnary('Echo', request, options);
      await assert.rejects(call, { name: 'TypeError', message });
    }
    const ofSchema = { name: 'JsonError', path: '$.int32Value' };
    await assert.rejects(client.unaryUnary('Echo', { int32Value: NaN }, options), ofSchema);
    const binary = client.unaryUnary('Echo', { a: 1 }, { ...options, codec: 'binary' });
    await assert.rejects(binary, { name: 'TypeError', message: /Uint8Array/ });
    const { started } = await client.unaryUnary('GetCallCounts', { tag });
    assert.equal(Number(started ?? 0), 0, 'calls that were started');
  });
}

async function native_values() {
  await withClient(async (client) => {
    const largest = 18446744073709551615n;
    const request = {
      bytesValue: new Uint8Array([0, 255]),
      repeatedBytes: [
        Buffer.from('x'),
        new Uint8Array([1, 2]).buffer,
        new DataView(new ArrayBuffer(1)),
      ],
      uint64Value: largest,
      repeatedInt64: new BigInt64Array([-9223372036854775808n]),
      repeatedInt32: new Int32Array([1, -1]),
      repeatedDouble: [NaN, -0, -Infinity, 1e308],
      mapInt64Int64: new Map([[-5n, 6n]]),
      mapBoolBool: new Map([[true, false]]),
      timestamp: new Date(1234),
      stringValue: undefined,
    };
    const texts = await client.unaryUnary('Echo', request, { print_defaults: false });
    assert.deepEqual(texts, {
      bytesValue: 'AP8=',
      repeatedBytes: ['eA==', 'AQI=', 'AA=='],
      uint64Value: '18446744073709551615',
      repeatedInt64: ['-9223372036854775808'],
      repeatedInt32: [1, -1],
      repeatedDouble: ['NaN', -0, '-Infinity', 1e308],
      mapInt64Int64: { '-5': '6' },
      mapBoolBool: { true: false },
      timestamp: '1970-01-01T00:00:01.234Z',
    });

    const forms = { int64: 'bigint', bytes: 'buffer', print_defaults: false };
    const nested = {
      ...request,
      any: { '@type': 'type.googleapis.com/pygrpc.test.Standalone', id: 5n },
      repeatedAny: [{ '@type': 'type.googleapis.com/google.protobuf.Int64Value', value: 7n }],
      int64Wrapper: 8n,
      bytesWrapper: Buffer.from('w'),
      mapStringBytes: { k: Buffer.from('v') },
      struct: { int64Value: '9' },
    };
    const native = await client.unaryUnary('Echo', nested, forms);
    assert.equal(native.uint64Value, largest);
    assert.deepEqual(native.repeatedInt64, [-9223372036854775808n]);
    assert.deepEqual(native.mapInt64Int64, { '-5': 6n });
    assert.equal(native.any.id, 5n);
    assert.equal(native.repeatedAny[0].value, 7n);
    assert.equal(native.int64Wrapper, 8n);
    assert.deepEqual(native.bytesWrapper, Buffer.from('w'));
    assert.deepEqual(native.bytesValue, Buffer.from([0, 255]));
    assert.deepEqual(native.mapStringBytes, { k: Buffer.from('v') });
    assert.deepEqual(native.struct, { int64Value: '9' });

    const wire = client.jsonToBinary('pygrpc.test.AllTypes', { uint64Value: largest });
    const message = client.binaryToJson('pygrpc.test.AllTypes', wire, forms);
    assert.equal(message.uint64Value, largest);
    const summary = client.unaryStream('EchoServerStream', { message: nested, count: 1 }, forms);
    for await (const each of summary) assert.equal(typeof Object.values(each)[0], 'bigint');
  });
}

async function invalid_utf8() {
  await withClient(async (client) => {
    const half = '\ud800';
    const inMessage = client.unaryUnary('Echo', { repeatedString: ['a', half] });
    await assert.rejects(inMessage, { name: 'JsonError', path: '$.repeatedString[1]' });
    const asMethod = client.unaryUnary(`SayHello${half}`, {});
    await assert.rejects(asMethod, { name: 'ArgumentError', message: /method.*SayHello\\ud800/ });
    const inOption = client.unaryUnary('SayHello', {}, { metadata: { 'x-key': half } });
    await assert.rejects(inOption, { name: 'OptionError', message: /x-key|JSON|surrogate/i });
    await assert.rejects(client.load(`a${half}.proto`), { name: 'ArgumentError' });
    const inText = client.loadProto('half.proto', `syntax = "proto3"; // ${half}`);
    await assert.rejects(inText, { name: 'ArgumentError', message: /half\.proto.*surrogate/ });
    assert.throws(() => new pygrpc.Client(`a${half}`), { name: 'ArgumentError' });
  });
}

// ---- Requests

async function requests_are_lazy() {
  await withClient(async (client) => {
    const body = Buffer.alloc(1_000_000);
    let taken = 0;
    function* endless() {
      for (;;) {
        taken++;
        yield { body };
      }
    }
    const call = client.streamUnary('NeverRead', endless(), { timeout: 3 });
    const failed = assert.rejects(call, { name: 'TimeoutError' });
    let before = -1;
    await waitFor(async () => {
      const isStill = taken > 0 && taken === before;
      before = taken;
      await sleep(300);
      return isStill;
    }, 'the number of requests stops growing');
    assert.ok(taken < 100, `${taken} requests were taken`);
    await failed;
    assert.ok(taken < 100, `${taken} requests were taken`);
  });
}

async function requests_that_fail() {
  await withClient(async (client) => {
    const fault = new Error('out of requests');
    let isStarted; // a call that fails before the server has heard of it is not seen there
    function* failing() {
      do yield { interval: '60s' };
      while (!isStarted);
      throw fault;
    }
    async function* failingLater() {
      yield* failing();
    }
    for (const requests of [failing, failingLater]) {
      const { tag, options } = tagged();
      isStarted = false;
      waitUntilStarted(client, tag).then(() => (isStarted = true));
      const call = client.streamStream('CountForeverBidi', requests(), options);
      await assert.rejects(readAll(call), (error) => error === fault);
      await waitUntilCancelled(client, tag);
    }
    const collecting = client.streamUnary('NeverRead', failing());
    await assert.rejects(collecting, (error) => error === fault || error.name === 'JsonError');
    await assert.rejects(client.streamUnary('NeverRead', 5), { name: 'TypeError' });
  });
}

async function requests_are_left() {
  // A generator's finally runs when the server has ended the call, also while it waits.
  await withClient(async (client) => {
    let isLeft = false;
    async function* waiting() {
      try {
        yield { code: 9, afterMessages: 1 };
        for (;;) {
          await sleep(1);
          yield {};
        }
      } finally {
        isLeft = true;
      }
    }
    const call = client.streamUnary('ReturnStatusClientStream', waiting());
    await assert.rejects(call, { codeName: 'FAILED_PRECONDITION' });
    await waitFor(() => isLeft, 'the generator is left');
  });
}

async function readAll(call) {
  const responses = [];
  for await (const response of call) responses.push(response);
  return responses;
}

// ---- Leaving and cancelling

async function leave_early() {
  await withClient(async (client) => {
    const count = (options) => client.unaryStream('CountForever', { interval: '0.01s' }, options);
    const ways = {
      async break(options) {
        for await (const _ of count(options)) break;
      },
      async return(options) {
        for await (const _ of count(options)) return;
      },
      async throw(options) {
        const leave = async () => {
          for await (const _ of count(options)) throw new Error('left');
        };
        await assert.rejects(leave(), /left/);
      },
      async iteratorReturn(options) {
        const iterator = count(options)[Symbol.asyncIterator]();
        await iterator.next();
        await iterator.return();
        assert.deepEqual(await iterator.next().catch((error) => error.name), 'ClosedError');
      },
      async close(options) {
        const call = count(options);
        await call.read();
        call.close();
        call.close();
      },
      async dispose(options) {
        const call = count(options);
        await call.read();
        await call[Symbol.asyncDispose]();
      },
      async abort(options) {
        const controller = new AbortController();
        const call = count({ ...options, signal: controller.signal });
        await call.read();
        controller.abort();
        await assert.rejects(call.read(), { name: 'AbortError' });
      },
      async collection(options, tag) {
        await (async () => {
          const call = count(options);
          await call.read();
        })();
        await waitFor(async () => {
          globalThis.gc();
          const { cancelled } = await client.unaryUnary('GetCallCounts', { tag });
          return Number(cancelled) === 1;
        }, 'the call is collected');
      },
    };
    for (const [name, leave] of Object.entries(ways)) {
      const { tag, options } = tagged();
      await leave(options, tag);
      await waitUntilCancelled(client, tag).catch((error) => {
        throw new Error(`${name}: ${error.message}`);
      });
    }
  });
}

async function cancel_from_elsewhere() {
  await withClient(async (client) => {
    await fastEnough(async () => {
      const { tag, options } = tagged();
      const call = client.unaryStream('CountForever', { interval: HOUR }, options);
      const reading = assert.rejects(call.read(), isCancelled);
      await waitUntilStarted(client, tag);
      return timed(() => {
        setImmediate(() => call.cancel());
        return reading;
      });
    }, 100);
    await fastEnough(async () => {
      const { tag, options } = tagged();
      const call = await client.call('NeverAnswer', {}, { timeout: 300, ...options });
      const waiting = assert.rejects(call.response(), isCancelled);
      await waitUntilStarted(client, tag);
      return timed(() => {
        setImmediate(() => call.cancel());
        return waiting;
      });
    }, 100);
  });
}

async function cancel_natively() {
  await withClient(async (client) => {
    const waits = {
      unary: (options) => client.unaryUnary('NeverAnswer', {}, { ...options, timeout: 300 }),
      async read(options) {
        const call = client.unaryStream('CountForever', { interval: HOUR }, options);
        for await (const _ of call);
      },
      async write(options) {
        const call = client.streamStream('NeverAnswerBidi', undefined, options);
        const body = Buffer.alloc(1_000_000);
        for (;;) await call.write({ body });
      },
      async requests(options) {
        const body = Buffer.alloc(1_000_000);
        function* endless() {
          for (;;) yield { body };
        }
        await client.streamUnary('NeverRead', endless(), options);
      },
    };
    for (const wait of Object.values(waits)) {
      await fastEnough(async () => {
        const { tag, options } = tagged();
        const controller = new AbortController();
        const waiting = wait({ ...options, signal: controller.signal });
        const ended = assert.rejects(waiting, (error) => error === controller.signal.reason);
        await waitUntilStarted(client, tag);
        await sleep(50); // so that a write is held up
        const milliseconds = await timed(() => {
          controller.abort();
          return ended;
        });
        assert.equal(controller.signal.reason.name, 'AbortError');
        await waitUntilCancelled(client, tag);
        return milliseconds;
      }, 100);
    }
    const options = { signal: AbortSignal.timeout(50) };
    await assert.rejects(client.unaryUnary('NeverAnswer', {}, options), { name: 'TimeoutError' });
    const aborted = { signal: AbortSignal.abort(new Error('own')) };
    await assert.rejects(client.unaryUnary('SayHello', {}, aborted), /own/);
    await assert.rejects(readAll(client.unaryStream('SayHelloStreamReply', {}, aborted)), /own/);
  });
}

async function native_error_types() {
  await withClient(async (client) => {
    const late = client.unaryUnary('NeverAnswer', {}, { timeout: 0.05 });
    await assert.rejects(late, (error) => {
      assert.ok(error instanceof pygrpc.RpcError && error instanceof pygrpc.DeadlineExceededError);
      assert.equal(error.name, 'TimeoutError');
      assert.equal(error.code, pygrpc.statuses.DEADLINE_EXCEEDED);
      assert.equal(error.codeName, 'DEADLINE_EXCEEDED');
      return true;
    });
    const cancelled = client.unaryUnary('ReturnStatus', { code: 1, message: 'enough' });
    await assert.rejects(cancelled, (error) => {
      assert.ok(error instanceof pygrpc.RpcError && error instanceof pygrpc.CancelledError);
      assert.equal(error.name, 'AbortError');
      assert.equal(error.statusMessage, 'enough');
      return true;
    });
  });
}

// ---- The event loop

/**
 * A timer of 1 ms fires 100 times while an action of half a second waits, or of some seconds where
 * the machine is too busy for that.
 */
async function ticksEnough(action) {
  let ticks = 0;
  for (let seconds = 0.5; seconds <= 5 && ticks < 100; seconds += 0.5) {
    ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await action(seconds);
    clearInterval(timer);
  }
  assert.ok(ticks >= 100, `${ticks} turns of a 1 ms timer`);
}

async function others_run_meanwhile() {
  await withClient(async (client) => {
    await ticksEnough((seconds) => client.unaryUnary('Sleep', { delay: `${seconds}s` }));
  });
}

/** A clock of this thread in ms, which stands still while others have the processor. */
function ownClock() {
  const path = '/proc/thread-self/schedstat';
  if (!existsSync(path)) return { now: () => performance.now(), close() {} };
  const file = openSync(path);
  const buffer = Buffer.alloc(64);
  const waited = () => {
    const length = readSync(file, buffer, 0, buffer.length, 0);
    return Number(buffer.latin1Slice(0, length).split(' ')[1]) / 1e6;
  };
  return { now: () => performance.now() - waited(), close: () => closeSync(file) };
}

async function event_loop_is_not_blocked() {
  // What the binding does at once, or waits for: the median of the loop's turns in which anything is
  // done. One lasts up to half a millisecond.
  const clock = ownClock();
  await withClient(async (client) => {
    await fastEnough(async () => {
      const turns = [];
      let isRunning = true;
      const measuring = (async () => {
        while (isRunning) {
          const began = clock.now();
          await new Promise(setImmediate);
          turns.push(clock.now() - began);
        }
      })();
      const stream = async () => {
        const request = { messages: 5000, size: 100 };
        for await (const _ of client.unaryStream('StreamPayloads', request));
      };
      const calls = numbered(500, (n) => client.unaryUnary('SayHello', { name: String(n) }));
      await Promise.all([stream(), calls, client.load('reflection')]);
      isRunning = false;
      await measuring;
      const busy = turns.filter((turn) => turn > 0.1).sort((left, right) => left - right);
      return busy[busy.length >> 1] ?? 0;
    }, 1);
  });
  clock.close();
}

async function load_does_not_block() {
  // A server that accepts and says nothing: reflection waits for it, and the loop does not.
  const { createServer } = await import('node:net');
  const sockets = new Set();
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new pygrpc.Client(`127.0.0.1:${server.address().port}`);
  try {
    await ticksEnough(async (timeout) => {
      const loading = client.load('reflection', { timeout });
      await assert.rejects(loading, { code: pygrpc.statuses.DEADLINE_EXCEEDED });
    });
    // The same where the first call asks for reflection by itself.
    await ticksEnough(async (seconds) => {
      const signal = AbortSignal.timeout(seconds * 1000);
      await assert.rejects(client.unaryUnary('SayHello', {}, { signal }), { name: 'TimeoutError' });
    });
  } finally {
    client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

async function load_while_a_worker_ends() {
  // The second load is asked for when the worker of the first, idle for too long, is just ending.
  const program = `
    import { createRequire } from 'node:module';
    const packageOf = createRequire(process.cwd() + '/package.json');
    const { settings } = packageOf('./dist/background.js');
    settings.idle = 20;
    const client = new pygrpc.Client(null);
    const late = setTimeout(() => {
      console.log('it was never done');
      process.exit();
    }, 60_000);
    for (let count = 0; count < 5; count++) {
      await client.load('helloworld.proto');
      await new Promise((resolve) => setTimeout(resolve, settings.idle));
    }
    clearTimeout(late);
    console.log('all were loaded');`;
  assert.equal(await runNode(program), 'all were loaded\n');
}

async function async_calls() {
  await withClient(async (client) => {
    const threads = new Set();
    const see = (value) => {
      threads.add(threadId);
      return value;
    };
    async function* names() {
      for (const name of ['a', 'b']) {
        await sleep(1);
        yield see({ name });
      }
    }
    const one = await client.unaryUnary('SayHello', { name: 'you' }).then(see);
    assert.equal(one.message, 'Hello, you!');
    for await (const each of client.unaryStream('SayHelloStreamReply', { name: 'you' })) {
      assert.match(see(each).message, /Hello, you!/);
    }
    const points = [{ latitude: 1 }, { latitude: 2 }];
    assert.equal(see(await client.streamUnary('RecordRoute', points)).pointCount, 2);
    const both = await readAll(client.streamStream('SayHelloBidiStream', names()));
    assert.deepEqual(both.map(see), [{ message: 'Hello, a!' }, { message: 'Hello, b!' }]);
    assert.deepEqual([...threads], [threadId]);
  });
}

async function ten_thousand_completions() {
  await withClient(async (client) => {
    let next = 0;
    let right = 0;
    await numbered(128, async () => {
      while (next < 10_000) {
        const name = String(next++);
        const { message } = await client.unaryUnary('SayHello', { name }, { timeout: 60 });
        if (message === `Hello, ${name}!`) right++;
      }
    });
    assert.equal(right, 10_000);
  });
}

async function slow_consumer() {
  await withClient(async (client) => {
    const call = client.unaryStream('StreamPayloads', { messages: 10_000, size: 65_536 });
    const counting = client.unaryStream('CountForever', {});
    globalThis.gc();
    const before = resident();
    for (let count = 1; count <= 10; count++) {
      assert.equal((await call.read()).body.length, 87_384);
      assert.equal(Number((await counting.read()).number), count);
    }
    await sleep(1000);
    globalThis.gc();
    const grown = resident() - before;
    assert.ok(grown < 64 << 20, `grown by ${grown >> 20} MiB`);
    assert.equal((await call.read()).body.length, 87_384);
    assert.equal(Number((await counting.read()).number), 11);
    call.close();
    counting.close();
  });
}

// ---- Closing, threads

async function close_with_calls_in_flight() {
  await fastEnough(closeInFlight, 1000);
}

/** How long it takes, in ms. */
async function closeInFlight() {
  const client = await connect();
  const { tag, options } = tagged();
  const all = [];
  for (let n = 0; n < 8; n++) {
    all.push(
      n % 2 === 0
        ? client.unaryUnary('NeverAnswer', {}, { timeout: 300, ...options })
        : readAll(client.unaryStream('CountForever', { interval: HOUR }, options)),
    );
  }
  const ended = Promise.allSettled(all);
  await waitUntilStarted(client, tag, all.length);
  const milliseconds = await timed(async () => {
    client.close();
    client.close();
    await ended;
  });
  for (const { reason } of await ended) assert.equal(reason?.name, 'ClosedError');
  await assert.rejects(client.unaryUnary('SayHello', {}), { name: 'ClosedError' });
  await assert.rejects(client.load('helloworld.proto'), { name: 'ClosedError' });
  assert.throws(() => client.state, { name: 'ClosedError' });
  return milliseconds;
}

async function eight_threads() {
  await withClient(async (client) => {
    await numbered(8, async (task) => {
      for (let count = 0; count < 200; count++) {
        const name = `${task}-${count}`;
        const { message } = await client.unaryUnary('SayHello', { name }, { timeout: 60 });
        assert.equal(message, `Hello, ${name}!`);
        if (count % 10 === 0) {
          const replies = await readAll(client.unaryStream('SayHelloStreamReply', { name }));
          assert.equal(replies.length, 5);
          for (const reply of replies) assert.match(reply.message, new RegExp(`Hello, ${name}!`));
        }
      }
    });
  });
}

async function worker_threads() {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { createRequire } = require('node:module');
    const { Client } = createRequire(workerData.from)('pygrpc');
    (async () => {
      const client = new Client(workerData.target);
      await client.load('helloworld.proto');
      for (let count = 0; count < 50; count++) {
        const { message } = await client.unaryUnary('SayHello', { name: String(count) });
        if (message !== 'Hello, ' + count + '!') throw new Error(message);
      }
      parentPort.postMessage('done');
      client.unaryStream('SayHelloStreamReply', {});
    })();
  `;
  const filesBefore = readdirSync('/proc/self/fd').length;
  await numbered(4, async () => {
    const worker = new Worker(program, {
      eval: true,
      workerData: { target: TARGET, from: import.meta.url },
    });
    const [message] = await Promise.all([
      new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
      new Promise((resolve) => worker.once('exit', resolve)),
    ]);
    assert.equal(message, 'done');
  });
  // Threads of gRPC's close the connections, a little later.
  const more = () => readdirSync('/proc/self/fd').length - filesBefore;
  await waitFor(() => more() < 8, 'the files of the workers are closed');
}

// ---- Others than the contract's

async function health() {
  await withClient(async (client) => {
    assert.deepEqual(await client.health(), { status: 'SERVING' });
    await assert.rejects(client.health('no.Such'), { codeName: 'NOT_FOUND' });
    for await (const { status } of client.healthWatch()) {
      assert.equal(status, 'SERVING');
      break;
    }
    assert.equal(await client.waitReady({ timeout: 60 }), true);
    assert.equal(client.state, 'READY');
  });
}

async function call_info() {
  await withClient(async (client) => {
    const call = await client.call('SayHello', { name: 'you' });
    await call.response();
    const info = await call.info();
    assert.equal(info.method, '/helloworld.Greeter/SayHello');
    assert.equal(info.ended, true);
    assert.equal(info.statusName, 'OK');
    assert.equal(info.messagesReceived, 1);
    assert.equal(typeof info.timing.total, 'number');
    assert.equal(call.status, pygrpc.statuses.OK);
  });
}

async function introspection() {
  await withClient(async (client) => {
    const names = (await client.services()).map(({ name }) => name);
    assert.ok(names.includes('helloworld.Greeter'));
    assert.equal((await client.describe('helloworld.Greeter')).kind, 'service');
    assert.deepEqual(Object.keys(await client.template('helloworld.HelloRequest')), ['name']);
    const schema = await client.jsonSchema('helloworld.HelloRequest');
    assert.equal(schema.type, 'object');
    const set = await client.export(['helloworld.Greeter']);
    const other = new pygrpc.Client(null);
    await other.load(set);
    assert.equal(await other.cardinality('SayHello'), 'UNARY_UNARY');
    const files = await client.export(['helloworld.Greeter'], 'proto');
    assert.match(files['helloworld.proto'], /service Greeter/);
    other.close();
  });
}

async function options_of_calls() {
  await withClient(async (client) => {
    const derived = client.withOptions({ timeout: 0.05 }).withOptions({ int64: 'bigint' });
    await assert.rejects(derived.unaryUnary('NeverAnswer'), { name: 'TimeoutError' });
    assert.equal((await derived.unaryUnary('Echo', { int64Value: 3 })).int64Value, 3n);
    assert.equal((await client.unaryUnary('Echo', { int64Value: 3 })).int64Value, '3');
    const wrong = client.unaryUnary('SayHello', {}, { int64: 'number' });
    await assert.rejects(wrong, { name: 'OptionError', message: /int64.*'bigint'/ });
    assert.throws(() => new pygrpc.Client(TARGET, { bytes: 'blob' }), { name: 'OptionError' });
    assert.ok(pygrpc.options().call.some(({ name }) => name === 'timeout'));
    assert.match(pygrpc.version(), /^\d+\.\d+/);
  });
}

async function stacks_show_the_caller() {
  await withClient(async (client) => {
    const waits = {
      unary: () => client.unaryUnary('ReturnStatus', { code: 5 }),
      read: () => client.unaryStream('ReturnStatusServerStream', { code: 5 }).read(),
      iteration: () => readAll(client.unaryStream('ReturnStatusServerStream', { code: 5 })),
      load: () => client.load('missing.proto'),
    };
    for (const [name, wait] of Object.entries(waits)) {
      const theCaller = async () => {
        await wait();
      };
      const error = await theCaller().catch((reason) => reason);
      assert.match(error.stack, /^(RpcError|SchemaError): .*[^]*at async theCaller/, name);
    }
  });
}

async function writes_in_order() {
  await withClient(async (client) => {
    const call = client.streamUnary('EchoClientStream', []);
    assert.deepEqual((await call).messages ?? [], []);
    const written = await client.call('EchoClientStream');
    const results = [1, 2, 3].map((int32Value) => written.write({ int32Value }));
    written.halfClose();
    await assert.rejects(written.write({}), { name: 'StateError' });
    assert.deepEqual(await Promise.all(results), [true, true, true]);
    const { messages } = await written.response();
    assert.deepEqual(
      messages.map(({ int32Value }) => int32Value),
      [1, 2, 3],
    );
    const single = client.unaryStream('SayHelloStreamReply', { name: 'you' });
    await assert.rejects(single.write({}), { name: 'StateError' });
    await assert.rejects(single.response(), { name: 'InvalidCardinalityError' });
    await readAll(single);
    assert.deepEqual(await single.trailers(), {});
    assert.equal(await single.read(), undefined);
  });
}

function skip(reason) {
  return async () => {
    throw new Inapplicable(reason);
  };
}

const NO_FORK = 'a process of Node cannot fork: child_process starts new programs';

export const tests = {
  wrong_native_value,
  native_values,
  invalid_utf8,
  requests_are_lazy,
  requests_that_fail,
  leave_early,
  cancel_from_elsewhere,
  cancel_natively,
  native_error_types,
  others_run_meanwhile,
  async_calls,
  ten_thousand_completions,
  slow_consumer,
  close_with_calls_in_flight,
  eight_threads,
  load_then_fork: skip(NO_FORK),
  use_then_fork: skip(NO_FORK),
  requests_are_left,
  event_loop_is_not_blocked,
  load_does_not_block,
  load_while_a_worker_ends,
  worker_threads,
  health,
  call_info,
  introspection,
  options_of_calls,
  writes_in_order,
  stacks_show_the_caller,
};
