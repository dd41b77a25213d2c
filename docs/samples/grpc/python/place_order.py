"""Places an order over gRPC, follows it to its outcome, and prints what happened as one line of JSON.

    python place_order.py --address 127.0.0.1:18082 --proto ../../../../schemas/proto --token "$TOKEN" --key my-order --sku TEA-101

The code of the client is generated from orders.proto at the start.
"""

import argparse
import importlib
import json
import sys
import tempfile

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from grpc_tools import protoc


def generate(proto_folder):
    """Generates the client in a new folder, and imports it."""
    out = tempfile.mkdtemp(prefix="orderstream-client-")
    code = protoc.main(
        [
            "protoc",
            f"-I{proto_folder}",
            f"-I{protoc_includes()}",
            f"--python_out={out}",
            f"--grpc_python_out={out}",
            "orderstream/v1/orders.proto",
        ]
    )
    if code != 0:
        sys.exit("protoc failed")
    sys.path.insert(0, out)
    messages = importlib.import_module("orderstream.v1.orders_pb2")
    services = importlib.import_module("orderstream.v1.orders_pb2_grpc")
    return messages, services


def protoc_includes():
    """The folder with google/protobuf/*.proto, from the package of protoc."""
    from importlib import resources

    return str(resources.files("grpc_tools").joinpath("_proto"))


def problem_of(error):
    """The problem code and the faults of an error: google.rpc.ErrorInfo and BadRequest."""
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        detail.Unpack(info) or detail.Unpack(bad)
    return {
        "status": error.code().name,
        "problem": info.reason,
        "fields": [violation.field for violation in bad.field_violations],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("address", "proto", "token", "key", "sku"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--quantity", type=int, default=1)
    args = parser.parse_args()
    messages, services = generate(args.proto)
    metadata = [("authorization", f"Bearer {args.token}")]

    with grpc.insecure_channel(args.address) as channel:
        orders = services.OrdersStub(channel)
        request = messages.CreateOrderRequest(
            request_id=args.key,
            order=messages.NewOrder(
                currency="EUR",
                items=[messages.NewOrderLine(sku=args.sku, quantity=args.quantity)],
                shipping_address=messages.ShippingAddress(
                    name="A. Reader", line1="1 Mill Lane", city="Cork", postal_code="T12 X2Y3", country="IE"
                ),
            ),
        )
        try:
            # A repeated call with the same key never places a second order, so it may be retried.
            placed = orders.CreateOrder(request, metadata=metadata, timeout=10)
            watch = messages.WatchOrderRequest(id=placed.order.id, ticket=placed.order.ticket)
            for update in orders.WatchOrder(watch, metadata=metadata, timeout=30):
                if update.order.status != messages.ORDER_STATUS_QUEUED:
                    status = messages.OrderStatus.Name(update.order.status)
                    result = {"id": update.order.id, "version": update.order.version, "status": status}
                    print(json.dumps(result))
                    return
        except grpc.RpcError as error:
            print(json.dumps(problem_of(error)))


if __name__ == "__main__":
    main()
