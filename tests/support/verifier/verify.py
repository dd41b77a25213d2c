"""Reads [{secret, headers, body}] and writes "ok" for each message, or the reason why the library refuses it."""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError


def verdict(message):
    try:
        Webhook(message["secret"]).verify(message["body"], message["headers"])
        return "ok"
    except WebhookVerificationError as error:
        return f"refused: {error}"


json.dump([verdict(message) for message in json.load(sys.stdin)], sys.stdout)
