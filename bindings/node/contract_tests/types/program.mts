// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// A program that uses the binding; it is only checked for its types.

import {
  type Call,
  type CallInfo,
  Client,
  type ClientOptions,
  type Metadata,
  NotFoundError,
  RpcError,
  statuses,
} from 'pygrpc';

interface HelloReply {
  message: string;
}

const options: ClientOptions = { timeout: '2s', metadata: { 'x-key-bin': [Buffer.of(1)] } };
const client = new Client('localhost:50051', options);
await client.load('helloworld.proto', { proto_path: ['protos'] });

const untyped: string = (await client.unaryUnary('SayHello', { name: 'you' })).message;
const typed: HelloReply = await client.unaryUnary<HelloReply>('SayHello', { name: untyped });
const { signal } = new AbortController();
for (const metadata of [new Map([['x-key', 'a']]), new Headers({ 'x-key': 'a' })]) {
  await client.unaryUnary('SayHello', {}, { metadata });
}
const isReady: boolean = await client.waitReady({ timeout: '2s', signal });
for await (const reply of client.unaryStream<HelloReply>('SayHelloStreamReply', {}, { signal })) {
  console.log(reply.message.length, typed);
}

async function* names(): AsyncGenerator<{ name: string }> {
  yield { name: 'a' };
}
const both: Call<HelloReply, { name: string }> = client.streamStream('SayHelloBidiStream', names());
const headers: Metadata = await both.headers();
const values: (string | Buffer)[] | undefined = headers['x-key'];
const info: CallInfo = await both.info();
const more: boolean = await both.write({ name: 'b' });
const last: HelloReply | undefined = await both.read();
const schema: Buffer = await client.export(['helloworld.Greeter']);
const texts: Record<string, string> = await client.export(undefined, 'proto');
console.log(isReady, values, info.timing.total, more, last?.message, schema.length, texts);

try {
  using other = new Client(null);
  await other.load(schema);
  await using call = await other.call('SayHello');
  console.log(call.status === statuses.OK);
} catch (error) {
  if (error instanceof RpcError) console.log(error.code, error.details, error.trailers);
  if (error instanceof NotFoundError) console.log(error.near.join());
}

// @ts-expect-error A target is text or null.
new Client(50051);
// @ts-expect-error There is no such form of integers.
new Client(null, { int64: 'number' });
// @ts-expect-error A request of this call has a name.
await both.write({ nam: 'b' });
// @ts-expect-error A source is no number.
await client.load(5);
