# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0
"""One process with pygrpc and other users of gRPC and protobuf.

usage: neighbours.py ORDER SCOPE [PACKAGE]...

ORDER is "ours" or "theirs", for who comes first; SCOPE is "local" or "global", for where the
symbols of extension modules and of the library go. Every one is used when it comes, and again at
the end.
"""

import ctypes
import io
import os
import sys

TARGET = os.environ["PYGRPC_TEST_TARGET"]


def use_grpc() -> None:
    """Calls by grpcio, with generated files of the names that are embedded in the library."""
    import grpc
    from google.protobuf import empty_pb2

    method = "/pygrpc.test.Test/Ping"
    with grpc.insecure_channel(TARGET) as channel:
        ping = channel.unary_unary(
            method, empty_pb2.Empty.SerializeToString, empty_pb2.Empty.FromString
        )
        assert ping(empty_pb2.Empty(), timeout=60) == empty_pb2.Empty()


def use_grpc_generated() -> None:
    import grpc
    from google.rpc import error_details_pb2, status_pb2
    from grpc_health.v1 import health_pb2, health_pb2_grpc
    from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
    from grpc_status import rpc_status

    assert rpc_status.GRPC_DETAILS_METADATA_KEY == "grpc-status-details-bin"
    status = status_pb2.Status(code=5)
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="x"))
    assert status_pb2.Status.FromString(status.SerializeToString()) == status
    with grpc.insecure_channel(TARGET) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answer = health.Check(health_pb2.HealthCheckRequest(), timeout=60)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
        question = reflection_pb2.ServerReflectionRequest(list_services="")
        (answer,) = reflection.ServerReflectionInfo(iter([question]), timeout=60)
        names = [each.name for each in answer.list_services_response.service]
        assert "helloworld.Greeter" in names


def use_onnx() -> None:
    from onnx import TensorProto, checker, helper, shape_inference

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "ab"]
    graph = helper.make_graph([helper.make_node("Relu", ["a"], ["b"])], "g", ends[:1], ends[1:])
    model = helper.make_model(graph)
    checker.check_model(model)  # in C++, from serialized protobuf
    assert shape_inference.infer_shapes(model).graph.name == "g"


def use_sentencepiece() -> None:
    import sentencepiece

    model = io.BytesIO()
    words = ["one two three four five six seven eight nine ten"] * 50
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(words), model_writer=model, vocab_size=20, minloglevel=2
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    assert processor.decode(processor.encode("one two")) == "one two"


def use_pyarrow() -> None:
    from pyarrow import flight

    class Server(flight.FlightServerBase):
        def list_flights(self, context: object, criteria: object) -> list[object]:
            return []

    with Server("grpc://127.0.0.1:0") as server:
        client = flight.connect(f"grpc://127.0.0.1:{server.port}")
        assert list(client.list_flights()) == []
        client.close()


NETWORK = b"""
name: "n"
input: "data"
input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2
layer { name: "r" type: "ReLU" bottom: "data" top: "r" }
"""


def use_opencv() -> None:
    import cv2
    import numpy

    try:
        network = cv2.dnn.readNetFromCaffe(NETWORK)
    except AttributeError:  # its newer versions read other forms only
        network = None
    if network is not None:
        network.setInput(numpy.ones((1, 1, 2, 2), numpy.float32))
        assert network.forward().sum() == 4
    assert cv2.add(numpy.ones(2), numpy.ones(2)).sum() == 4


def use_tensorflow() -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow

    graph = tensorflow.Graph()
    with graph.as_default():
        tensorflow.constant(1.0, name="one")
    definition = graph.as_graph_def().SerializeToString()
    assert tensorflow.compat.v1.GraphDef.FromString(definition).node[0].name == "one"
    assert float(tensorflow.constant(1.0) + tensorflow.constant(2.0)) == 3


class Ours:
    """pygrpc, whose library may be there before the package is."""

    def __init__(self, scope: str) -> None:
        if scope == "global":
            ctypes.CDLL(os.environ["PYGRPC_LIBRARY"], mode=ctypes.RTLD_GLOBAL)
        import pygrpc

        self._client = pygrpc.Client(TARGET)
        self._client.load("helloworld.proto")

    def use(self) -> None:
        import pygrpc

        assert self._client.unary_unary("SayHello", name="you").message == "Hello, you!"
        assert len(list(self._client.unary_stream("SayHelloStreamReply", name="you"))) == 5
        with pygrpc.Client(TARGET) as other:
            other.load("reflection")
            assert other.health() == "SERVING"
            assert other.unary_unary("SayHello", name="me").message == "Hello, me!"


def main() -> None:
    order, scope, *packages = sys.argv[1:]
    if scope == "global":
        sys.setdlopenflags(os.RTLD_NOW | os.RTLD_GLOBAL)
    theirs = [globals()[f"use_{package}"] for package in packages]
    if order == "theirs":
        for use in theirs:
            use()
    ours = Ours(scope)
    ours.use()
    for use in theirs:
        use()
        ours.use()
    for use in theirs:
        use()
    print("all of them")


if __name__ == "__main__":
    main()
