// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The tests of signals, exit and leaks, each in a process of its own.

import assert from 'node:assert/strict';

import { fastEnough, PACKAGE_ROOT, runNode, startNode, waitFor } from './support.mjs';

/** What waits, by name; each is an expression, and has `options`. */
const WAITS = {
  unary: "client.unaryUnary('NeverAnswer', {}, { ...options, timeout: 300 })",
  read: `(async () => {
    const call = client.unaryStream('CountForever', { interval: '3600s' }, options);
    for await (const _ of call);
  })()`,
  headers: `(async () => {
    const call = await client.call('NeverAnswer', {}, { ...options, timeout: 300 });
    await call.headers();
  })()`,
  write: `(async () => {
    const call = client.streamStream('NeverAnswerBidi', undefined, options);
    const body = Buffer.alloc(1_000_000);
    for (;;) await call.write({ body });
  })()`,
};

/** How long it took from SIGINT to the process's end, in ms, and how it ended. */
async function interruptIt(program) {
  const child = startNode(program);
  await waitFor(() => child.text.stdout.includes('waiting') || child.exitCode !== null, 'it waits');
  const began = performance.now();
  child.kill('SIGINT');
  const ended = await child.ended;
  return { milliseconds: performance.now() - began, ...ended };
}

async function interrupt() {
  for (const wait of Object.values(WAITS)) {
    // Node's own way: the process ends with the signal.
    await fastEnough(async () => {
      const program = `
        const client = await connect();
        const options = {};
        setTimeout(() => console.log('waiting'), 100);
        await ${wait};`;
      const { milliseconds, signal, stderr } = await interruptIt(program);
      assert.deepEqual({ signal, stderr }, { signal: 'SIGINT', stderr: '' });
      return milliseconds;
    }, 200);
    // A handler of the program's that aborts the call; the client can be used afterwards.
    await fastEnough(async () => {
      const program = `
        const client = await connect();
        const controller = new AbortController();
        const options = { signal: controller.signal };
        let interrupted;
        process.once('SIGINT', () => {
          interrupted = performance.now();
          controller.abort();
        });
        setTimeout(() => console.log('waiting'), 100);
        const error = await ${wait}.catch((error) => error);
        const took = performance.now() - interrupted;
        const { message } = await client.unaryUnary('SayHello', { name: 'you' });
        console.log(error.name, message, took);`;
      const { code, stdout, stderr } = await interruptIt(program);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      const took = /^waiting\nAbortError Hello, you! ([\d.]+)\n$/.exec(stdout)?.[1];
      assert.ok(took !== undefined, stdout);
      return Number(took);
    }, 200);
  }
}

async function exit_with_open_stream() {
  const ways = {
    open: "client.unaryStream('CountForever', { interval: '0.001s' });",
    openAndExit: `
      const call = client.unaryStream('CountForever', {});
      await call.read();
      process.exit(0);`,
    waiting: `
      const options = {};
      ${WAITS.read}.catch(() => {});
      setTimeout(() => process.exit(0), 50);`,
    writing: `
      const options = {};
      ${WAITS.write}.catch(() => {});
      setTimeout(() => process.exit(0), 50);`,
    loading: `
      const { createServer } = await import('node:net');
      const server = createServer(() => {}).listen(0, '127.0.0.1', () => {
        const other = new pygrpc.Client('127.0.0.1:' + server.address().port);
        other.load('reflection').catch(() => {});
        setTimeout(() => process.exit(0), 300);
      });`,
  };
  for (const [name, way] of Object.entries(ways)) {
    await fastEnough(async () => {
      const program = `
        const client = await connect();
        process.on('exit', () => fs.writeSync(1, String(Date.now())));
        ${way}`;
      const output = await runNode(program);
      assert.match(output, /^\d+$/, name);
      return Date.now() - Number(output);
    }, 2000);
  }
}

async function no_leak() {
  const program = `
    const client = await connect();
    const resident = () => Number(fs.readFileSync('/proc/self/statm', 'utf8').split(' ')[1]) * 4096;
    const files = () => fs.readdirSync('/proc/self/fd').length;
    async function settle() {
      for (let turn = 0; turn < 10; turn++) {
        globalThis.gc();
        await sleep(10);
      }
    }
    async function calls(count) {
      for (let done = 0; done < count; done += 20) {
        const some = Array.from({ length: 20 }, () => client.unaryUnary('SayHello', { name: 'you' }));
        await Promise.all(some);
      }
    }
    async function streams(count, close) {
      for (let done = 0; done < count; done++) {
        const call = client.unaryStream('SayHelloStreamReply', { name: 'you' });
        if (done % 2 === 0) {
          for await (const _ of call) break;
        } else {
          await call.read(); // and left to the collector
        }
        if (done % 50 === 0) await settle();
      }
    }
    // A leak shows in every round, what V8's heap and malloc take and give back only in some.
    const rounds = [];
    await calls(2000);
    await streams(200);
    await settle();
    let before = resident();
    const filesBefore = files();
    for (let round = 0; round < 5; round++) {
      await calls(2000);
      await streams(200);
      await settle();
      const now = resident();
      rounds.push((now - before) / 1024);
      before = now;
    }
    console.log(JSON.stringify([rounds, files() - filesBefore]));`;
  const [rounds, files] = JSON.parse(await runNode(program));
  const second = [...rounds].sort((one, other) => one - other)[1];
  assert.ok(second < 2048, `the rounds grew by ${rounds.join(', ')} KiB`);
  assert.ok(files < 10, `${files} files are open more than before`);
}

async function workers_end_their_calls() {
  // However a Worker ends, the server sees its calls cancelled, and its connections are closed.
  const program = `
    import { randomUUID } from 'node:crypto';
    import { Worker } from 'node:worker_threads';
    const body = \`
      const { parentPort, workerData } = require('node:worker_threads');
      const { Client } = require('node:module').createRequire(workerData.from)('pygrpc');
      const client = new Client(workerData.target, { metadata: { 'x-call-tag': workerData.tag } });
      client.loadSync('helloworld.proto');
      client.loadSync('pygrpc_test/test.proto');
      const call = client.unaryStream('CountForever', { interval: '0.01s' });
      const ended = client.unaryStream('SayHelloStreamReply', {}, { metadata: {} });
      const keeps = [call, ended];
      (async () => {
        await call.read();
        while ((await ended.read()) !== undefined);
        parentPort.once('message', () => (workerData.way === 'exit' ? process.exit() : keeps.pop()));
        if (workerData.way !== 'end') await client.unaryUnary('NeverAnswer', {}, { timeout: 3600 });
      })();
    \`;
    const client = await connect();
    const files = () => fs.readdirSync('/proc/self/fd').length;
    async function waitFor(condition, what) {
      const deadline = performance.now() + 60_000;
      while (!(await condition())) {
        if (performance.now() > deadline) throw new Error('it is not so: ' + what());
        await sleep(5);
      }
    }
    async function runWorker(way) {
      const tag = randomUUID();
      const from = process.cwd() + '/package.json';
      const workerData = { way, tag, from, target: process.env.PYGRPC_TEST_TARGET };
      const worker = new Worker(body, { eval: true, execArgv: [], workerData });
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      worker.once('error', (error) => {
        throw error;
      });
      const calls = way === 'end' ? 1 : 2;
      const count = (more) => client.unaryUnary('GetCallCounts', { tag, ...more });
      let seen;
      const isStarted = async () => {
        seen = await count();
        return Number(seen.started) === calls;
      };
      await waitFor(isStarted, () => way + ': ' + JSON.stringify(seen));
      if (way === 'terminate') await worker.terminate();
      else worker.postMessage(way);
      await ended;
      const counts = await count({ waitForCancelled: calls, waitAtMost: '60s' });
      if (Number(counts.cancelled) !== calls) console.log(way, counts);
    }
    for (const way of ['end', 'exit', 'terminate']) {
      await runWorker(way);
      const before = files();
      for (let count = 0; count < 3; count++) await runWorker(way);
      // Threads of gRPC's close the connections, a little later.
      await waitFor(() => files() < before + 3, () => way + ': ' + before + ' files, now ' + files());
    }
    console.log((await client.unaryUnary('SayHello', { name: 'you' })).message);`;
  assert.equal(await runNode(program), 'Hello, you!\n');
}

/** Both packages in one process; `order` says who is first. */
function coexistence(order) {
  const theirs = `
    const grpc = (await import('@grpc/grpc-js')).default;
    const loader = (await import('@grpc/proto-loader')).default;
    const file = process.env.PYGRPC_PROTO_PATH + '/helloworld.proto';
    const { helloworld } = grpc.loadPackageDefinition(loader.loadSync(file));
    const target = process.env.PYGRPC_TEST_TARGET;
    const stub = new helloworld.Greeter(target, grpc.credentials.createInsecure());
    const callTheirs = () => new Promise((resolve, reject) => {
      stub.sayHello({ name: 'them' }, (error, reply) => (error ? reject(error) : resolve(reply)));
    });`;
  const ours = `
    const pygrpc = await import('pygrpc');
    const client = new pygrpc.Client(process.env.PYGRPC_TEST_TARGET);
    await client.load('helloworld.proto');
    const callOurs = () => client.unaryUnary('SayHello', { name: 'us' });`;
  const say = (name) => `console.log((await ${name}()).message);`;
  const parts =
    order === 'theirs'
      ? [theirs, 'callTheirs', ours, 'callOurs']
      : [ours, 'callOurs', theirs, 'callTheirs'];
  return async () => {
    const [first, callFirst, second, callSecond] = parts;
    const program = [
      first,
      say(callFirst),
      second,
      say(callSecond),
      say(callFirst),
      'stub.close();',
    ];
    const output = await runNode(program.join('\n'), { preamble: '', cwd: PACKAGE_ROOT });
    const names = order === 'theirs' ? ['them', 'us', 'them'] : ['us', 'them', 'us'];
    assert.equal(output, names.map((name) => `Hello, ${name}!\n`).join(''));
  };
}

export const tests = {
  interrupt,
  exit_with_open_stream,
  no_leak,
  workers_end_their_calls,
  coexist_theirs_first: coexistence('theirs'),
  coexist_ours_first: coexistence('ours'),
};
