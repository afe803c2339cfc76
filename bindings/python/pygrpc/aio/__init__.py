# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""The client for asyncio.

from pygrpc import aio

async with aio.Client('localhost', 50051) as client:
await client.load('helloworld_pb2')
response = await client.unary_unary('SayHello', name='you')
async for reply in client.unary_stream('SayHelloStreamReply', name='you'):
print(reply.message)
"""

from pygrpc.aio._call import Call
from pygrpc.aio._client import Client

__all__ = ["Call", "Client"]
