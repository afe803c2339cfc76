// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// As program.mts, from CommonJS.

import pygrpc = require('pygrpc');

const client: pygrpc.Client = new pygrpc.Client('localhost:50051');
const responses: pygrpc.Call<{ message: string }> = client.unaryStream('SayHelloStreamReply');
const version: string = pygrpc.version();
console.log(responses, version, pygrpc.cardinalities.UNARY_UNARY satisfies 1);
