"""A sample ledger. It sums money by currency from the outcomes alone, as `orderstream ledger` does from the tables. See ../README.md."""

import argparse
import io
import json
import os
import struct
import sys
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from fastavro import parse_schema, schemaless_reader


def utc(text):
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)


flags = argparse.ArgumentParser(description=__doc__)
flags.add_argument("--from", dest="first", type=utc, default=utc("1970-01-01"), help="first moment of the range")
flags.add_argument("--to", dest="end", type=utc, default=datetime.now(timezone.utc), help="the range ends before this moment")
flags = flags.parse_args()

env = os.environ.get
topic = env("KAFKA_TOPIC_PREFIX", "") + "orders.events.v1"
registry = env("SCHEMA_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7")
reader_schema = parse_schema(json.loads(Path(__file__).with_name("ledger.avsc").read_text()))
writer_schemas = {}

positions = {}  # source offset by partition
sums = {}  # by currency, in minor units
unpaid = {}  # orders that waited for their payment at the end of the range: (currency, total)
refunds = {}  # the newest state of each refund, and when it was requested and settled


def decode(value):
    (schema_id,) = struct.unpack(">I", value[1:5])
    if schema_id not in writer_schemas:
        with urllib.request.urlopen(f"{registry}/schemas/ids/{schema_id}") as answer:
            writer_schemas[schema_id] = parse_schema(json.loads(json.load(answer)["schema"]))
    return schemaless_reader(io.BytesIO(value[5:]), writer_schemas[schema_id], reader_schema)


def take(partition, event):
    position = positions.get(partition, -1)  # a ledger needs the first outcome that ever existed
    if event["sourceOffset"] <= position:
        return
    if event["prevSourceOffset"] != position:
        sys.exit(f"gap on partition {partition}: the outcome follows {event['prevSourceOffset']}, but the position is {position}")
    positions[partition] = event["sourceOffset"]
    book(event)


def book(event):
    at, order_id = event["occurredAt"], event["orderId"]
    order, payment, refund = event["order"], event["payment"], event["refund"]
    if order is not None and at < flags.end:
        if event["status"] == "PENDING_PAYMENT":
            unpaid[order_id] = (order["currency"], order["total"])
        add(order["currency"], "placed", order["total"] if at >= flags.first else 0)
    if event["outcome"] == "APPLIED" and event["status"] != "PENDING_PAYMENT" and at < flags.end:
        unpaid.pop(order_id, None)
    if payment is not None and payment["disposition"] is not None:  # without it, an attempt failed
        add(payment["currency"], "paid", payment["amount"] if flags.first <= at < flags.end else 0)
    if refund is not None:
        requested = refunds.get(refund["refundId"], {"requested": at})["requested"]
        refunds[refund["refundId"]] = {**refund, "requested": requested, "settled": at}


def add(currency, column, amount):
    row = sums.setdefault(currency, dict.fromkeys(["placed", "paid", "refunded", "kept", "outstanding", "refunding"], 0))
    row[column] += amount


consumer = Consumer({
    "bootstrap.servers": env("KAFKA_BROKERS", "127.0.0.1:19092"),
    "group.id": env("GROUP", "ledger-python"),  # It commits nothing and joins no group.
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
})
starts, ends = [], {}
for partition in consumer.list_topics(topic).topics[topic].partitions:
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition))
    if low < high:
        starts.append(TopicPartition(topic, partition, low))
        ends[partition] = high
consumer.assign(starts)
while any(here.offset < ends[here.partition] for here in consumer.position(starts)):
    for message in consumer.consume(500, timeout=0.1):
        if message.error():
            sys.exit(str(message.error()))
        take(message.partition(), decode(message.value()))
consumer.close()

for currency, total in unpaid.values():
    add(currency, "outstanding", total)
for refund in refunds.values():
    if refund["status"] == "SUCCEEDED" and flags.first <= refund["settled"] < flags.end:
        add(refund["currency"], "refunded", refund["amount"])
    if refund["requested"] < flags.end and (refund["status"] == "REQUESTED" or refund["settled"] >= flags.end):
        add(refund["currency"], "refunding", refund["amount"])
for row in sums.values():
    row["kept"] = row["paid"] - row["refunded"]
print(json.dumps({currency: row for currency, row in sorted(sums.items()) if any(row.values())}))
