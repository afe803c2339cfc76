#!/usr/bin/env python3
# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""Greets a helloworld.Greeter server; usage: hello.py [PORT]."""

import sys

from pygrpc import Client

port = int(sys.argv[1]) if len(sys.argv) > 1 else 50051

client = Client('localhost', port)
client.load('helloworld_pb2')
response = client.unary_unary('SayHello', name='you')
print('Greeter client received: ' + response.message)
