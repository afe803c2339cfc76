#!/usr/bin/env node
// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0
//
// A server on @grpc/grpc-js with the reflection of @grpc/reflection, alone or behind a proxy that
// refuses, or one that answers reflection with harm in mind. Prints the port, and ends when its
// input does.
//
//   --versions v1|v1alpha|both    of reflection
//   --metadata KEY=VALUE          which every call must have
//   --refuse VERSION=HOW          a proxy in front: HOW is an HTTP status, "unavailable", "reset" or
//                                 "close" (the connection); VERSION is v1 or both
//   --hostile cycle|gigantic|names|endless

'use strict';

const http2 = require('node:http2');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const {
  ReflectionV1Implementation,
} = require('@grpc/reflection/build/src/implementations/reflection-v1');
const {
  ReflectionV1AlphaImplementation,
} = require('@grpc/reflection/build/src/implementations/reflection-v1alpha');

const PROTOS = path.join(__dirname, '..', '..', 'protos');

function parseOptions(argv) {
  const options = { versions: 'both' };
  for (let i = 2; i < argv.length; i++) {
    const name = argv[i].replace(/^--/, '');
    if (name === 'exit-on-stdin-eof') continue;
    options[name] = argv[++i];
  }
  return options;
}

// ---- A server as it should be

const echo = (call, callback) => callback(null, call.request);

function demand(metadata) {
  const [key, value] = metadata.split('=');
  const missing = { code: grpc.status.UNAUTHENTICATED, details: `${key} is missing` };
  return (_descriptor, call) =>
    new grpc.ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(received, nextMetadata) {
            if (received.get(key).includes(value)) nextMetadata(received);
            else call.sendStatus(missing);
          },
        });
      },
    });
}

function makeServer(options) {
  const definition = protoLoader.loadSync(['helloworld.proto', 'pygrpc_test/test.proto'], {
    includeDirs: [PROTOS],
    keepCase: true,
  });
  const server = new grpc.Server({
    interceptors: options.metadata ? [demand(options.metadata)] : [],
  });
  server.addService(definition['helloworld.Greeter'], {
    SayHello: (call, callback) => callback(null, { message: `Hello, ${call.request.name}!` }),
  });
  server.addService(definition['pygrpc.test.Test'], { Echo: echo });
  const versions = { v1: ReflectionV1Implementation, v1alpha: ReflectionV1AlphaImplementation };
  for (const [version, Implementation] of Object.entries(versions)) {
    if (options.versions !== 'both' && options.versions !== version) continue;
    new Implementation(definition).addToServer(server);
  }
  return server;
}

// ---- A server that means harm: the protocol by hand

function field(number, content) {
  const bytes = Buffer.from(content);
  let size = bytes.length;
  const head = [(number << 3) | 2];
  for (; size >= 0x80; size >>>= 7) head.push((size & 0x7f) | 0x80);
  head.push(size);
  return Buffer.concat([Buffer.from(head), bytes]);
}

// The text field of a ServerReflectionRequest that is not "host".
function question(request) {
  let at = 0;
  while (at < request.length) {
    const number = request[at++] >> 3;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      size |= (request[at] & 0x7f) << shift;
      if (request[at++] < 0x80) break;
    }
    const text = request.subarray(at, at + size).toString();
    if (number !== 1) return { number, text };
    at += size;
  }
  return { number: 0, text: '' };
}

function file(name, declaration, ...imports) {
  return Buffer.concat([
    field(1, name),
    field(2, 'hostile'),
    ...imports.map((other) => field(3, other)),
    declaration,
    field(12, 'proto3'),
  ]);
}

const message = (name) => field(4, field(1, name));
const service = field(
  6,
  Buffer.concat([
    field(1, 'Hostile'),
    field(2, Buffer.concat([field(1, 'Call'), field(2, '.hostile.M'), field(3, '.hostile.M')])),
  ]),
);

function hostileFile(how, name) {
  const root = Buffer.concat([message('M'), service]);
  switch (how) {
    case 'cycle': // hostile.proto -> a.proto -> b.proto -> a.proto
      if (name === '') return file('hostile.proto', root, 'a.proto');
      return name === 'a.proto'
        ? file('a.proto', message('A'), 'b.proto')
        : file('b.proto', message('B'), 'a.proto');
    case 'gigantic':
      return Buffer.concat([file('hostile.proto', root), field(100, Buffer.alloc(8 << 20))]);
    case 'names': // a file that nobody asked for, under the name of a well-known one
      return name === ''
        ? file('hostile.proto', root, 'a.proto')
        : file('google/protobuf/empty.proto', message('NotEmpty'));
    default: // endless
      return file(name || 'hostile.proto', name === '' ? root : message(`M${name.length}`), `${name}x`);
  }
}

function makeHostileServer(how) {
  const server = new grpc.Server();
  const raw = (bytes) => bytes;
  server.addService(
    {
      ServerReflectionInfo: {
        path: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
        requestStream: true,
        responseStream: true,
        requestSerialize: raw,
        requestDeserialize: raw,
        responseSerialize: raw,
        responseDeserialize: raw,
      },
    },
    {
      ServerReflectionInfo(call) {
        call.on('data', (request) => {
          const { number, text } = question(request);
          const answer =
            number === 7
              ? field(6, field(1, field(1, 'hostile.Hostile')))
              : field(4, field(1, hostileFile(how, number === 3 ? text : '')));
          call.write(Buffer.concat([field(2, request), answer]));
        });
        call.on('end', () => call.end());
      },
    },
  );
  return server;
}

// ---- A proxy that knows some paths only

function refuse(how, stream) {
  if (how === 'reset') return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
  if (how === 'close') return stream.session.destroy();
  if (how === 'unavailable') {
    return stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': '14',
        'grpc-message': 'no route',
      },
      { endStream: true },
    );
  }
  stream.respond({ ':status': Number(how), 'content-type': 'text/html' });
  return stream.end('<html>no such page</html>');
}

function forward(port, stream, headers) {
  const backend = http2.connect(`http://127.0.0.1:${port}`);
  const plain = { ...headers };
  delete plain[':authority'];
  const request = backend.request(plain);
  stream.pipe(request);
  request.on('response', (received, flags) => {
    const answer = { ...received };
    const ended = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(answer, { endStream: ended, waitForTrailers: !ended });
    if (!ended) request.pipe(stream);
  });
  let trailers = {};
  request.on('trailers', (received) => {
    trailers = { ...received };
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.on('close', () => backend.destroy());
  for (const end of [backend, request, stream]) end.on('error', () => backend.destroy());
}

function makeProxy(port, rule) {
  const [versions, how] = rule.split('=');
  const refused = versions === 'both' ? ['v1', 'v1alpha'] : [versions];
  const proxy = http2.createServer();
  proxy.on('stream', (stream, headers) => {
    const name = headers[':path'];
    stream.on('error', () => {});
    if (refused.some((version) => name.startsWith(`/grpc.reflection.${version}.`))) {
      refuse(how, stream);
    } else {
      forward(port, stream, headers);
    }
  });
  proxy.on('sessionError', () => {});
  return proxy;
}

function main() {
  const options = parseOptions(process.argv);
  const server = options.hostile ? makeHostileServer(options.hostile) : makeServer(options);
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    if (!options.refuse) {
      console.log(port);
      return;
    }
    const proxy = makeProxy(port, options.refuse);
    proxy.listen(0, '127.0.0.1', () => console.log(proxy.address().port));
  });
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
}

main();
