"""A sample subscriber. It counts outcomes, money and units, drops repeats, and proves that it missed none. See ../README.md."""

import argparse
import io
import json
import os
import struct
import sys
import time
import urllib.request
from pathlib import Path

from confluent_kafka import Consumer, KafkaException
from fastavro import parse_schema, schemaless_reader

flags = argparse.ArgumentParser(description=__doc__)
flags.add_argument("--until-total", type=int, default=sys.maxsize)
flags.add_argument("--idle-seconds", type=float, default=float("inf"))
flags = flags.parse_args()

env = os.environ.get
topic = env("KAFKA_TOPIC_PREFIX", "") + "orders.events.v1"
state_file = Path(env("STATE_FILE", "outcome-counter.json"))
registry = env("SCHEMA_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7")
reader_schema = parse_schema(json.loads(Path(__file__).with_name("outcome-counter.avsc").read_text()))
writer_schemas = {}

# One file has the position of each partition and the effect. It is replaced as a whole, so both change together.
# Money by currency, in minor units. "orders" has the last totals of each order that changed, as in AXES.
AXES = ["received", "refundPending", "refunded", "cancelled", "shipped", "returned", "restocked"]
units = {"ordered": 0, "cancelled": 0, "shipped": 0, "returned": 0, "restocked": 0}
state = {"positions": {}, "from": {}, "counts": {}, "total": 0, "repeats": 0, "money": {}, "units": units, "orders": {}}
if state_file.exists():
    state.update(json.loads(state_file.read_text()))


def decode(value):
    (schema_id,) = struct.unpack(">I", value[1:5])
    if schema_id not in writer_schemas:
        with urllib.request.urlopen(f"{registry}/schemas/ids/{schema_id}") as answer:
            writer_schemas[schema_id] = parse_schema(json.loads(json.load(answer)["schema"]))
    return schemaless_reader(io.BytesIO(value[5:]), writer_schemas[schema_id], reader_schema)


def take(partition, event):
    previous = event["prevSourceOffset"]
    state["from"].setdefault(partition, previous)  # -1 means from the first outcome on
    position = state["positions"].get(partition, previous)
    if event["sourceOffset"] <= position:
        state["repeats"] += 1
        return
    if previous != position:
        sys.exit(f"gap on partition {partition}: the outcome follows {previous}, but the position is {position}")
    state["counts"][event["outcome"]] = state["counts"].get(event["outcome"], 0) + 1
    state["total"] += 1
    state["positions"][partition] = event["sourceOffset"]
    add_axes(event)


def add_axes(event):
    """The axes are totals of the order. What is new is the difference to its totals before."""
    order_id, money, units = event["orderId"], event["money"], event["units"]
    if order_id is None or money is None or units is None:
        return  # no change of an order, or schema version 1
    if event["outcome"] == "ACCEPTED":
        state["units"]["ordered"] += units["ordered"]
    if event["outcome"] != "APPLIED":
        return
    moved = event["payment"] or event["refund"]  # nothing else moves money
    now = [{**money, **units}[name] for name in AXES]
    for name, after, before in zip(AXES, now, state["orders"].get(order_id, [0] * len(AXES))):
        if after != before:
            sums = state["money"].setdefault(moved["currency"], {}) if name in money else state["units"]
            sums[name] = sums.get(name, 0) + after - before
    state["orders"][order_id] = now


consumer = Consumer({
    "bootstrap.servers": env("KAFKA_BROKERS", "127.0.0.1:19092"),
    "group.id": env("GROUP", "outcome-counter-python"),
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
})
consumer.subscribe([topic])
last_seen = time.monotonic()
while state["total"] < flags.until_total and time.monotonic() - last_seen < flags.idle_seconds:
    fetched = consumer.consume(500, timeout=0.5)
    print(*(f"waiting: {each.error()}\n" for each in fetched if each.error()), sep="", end="", file=sys.stderr)
    messages = [message for message in fetched if not message.error()]
    if not messages:
        continue
    last_seen = time.monotonic()
    for message in messages:
        take(str(message.partition()), decode(message.value()))
    draft = state_file.with_suffix(".new")
    draft.write_text(json.dumps(state))
    draft.replace(state_file)
    try:
        consumer.commit(asynchronous=False)  # Commit after the effect, never before.
    except KafkaException as error:  # The file has the position, and the client joins a lost group again.
        print(f"commit failed: {error}", file=sys.stderr)
consumer.close()
del state["orders"]
print(json.dumps(state))
