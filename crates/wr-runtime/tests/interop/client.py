"""A client of another language: does on a NATS server, through nats-py, what it is asked to.

It reads requests from standard input and writes answers to standard output, one JSON object a line.
Bytes travel in base64. It knows nothing of our code: what it makes of our messages, it has from
their documentation.
"""

import asyncio
import base64
import json
import sys
import uuid
from datetime import datetime, timezone

import nats
from nats.js import api

# Seconds; longer than anything takes on a machine that is busy with other things.
PATIENCE = 60


def encoded(data):
    return base64.b64encode(data).decode()


def headers_of(pairs):
    """nats-py takes one value a name, and trims names: a space makes another key of one."""
    headers = {}
    for name, value in pairs:
        while name in headers:
            name += " "
        headers[name] = value
    return headers or None


async def publish(js, request):
    """Publishes a body, or an event that is made here, as a service in Python would make it."""
    body = base64.b64decode(request.get("body", ""))
    event = request.get("event")
    if event is not None:
        event = {
            "id": str(uuid.uuid4()),
            "timestamp": datetime.now(timezone.utc).isoformat(),
            "source": "service-in-python",
            **event,
        }
        body = json.dumps(event).encode()
    headers = headers_of(request.get("headers", []))
    ack = await js.publish(request["subject"], body, timeout=PATIENCE, headers=headers)
    return {
        "stream": ack.stream,
        "sequence": ack.seq,
        "duplicate": bool(ack.duplicate),
        "event": event,
    }


async def fetched(js, request):
    """Messages of a stream, through a durable pull consumer of our own."""
    config = api.ConsumerConfig(ack_policy=api.AckPolicy.EXPLICIT, ack_wait=PATIENCE)
    subscription = await js.pull_subscribe(
        request["filter"],
        durable=request["durable"],
        stream=request["stream"],
        config=config,
    )
    messages = []
    while len(messages) < request["count"]:
        wanted = request["count"] - len(messages)
        for message in await subscription.fetch(wanted, timeout=PATIENCE):
            await message.ack_sync(timeout=PATIENCE)
            messages.append(message)
    return messages


async def read(js, request):
    """The messages, and what is JSON in them as JSON."""
    return [
        {
            "subject": message.subject,
            "headers": message.headers,
            "body": encoded(message.data),
            "json": json.loads(message.data),
        }
        for message in await fetched(js, request)
    ]


async def dead_letters(js, request):
    """The originals of dead letters, whatever form these have."""
    parts, letters = [], []
    for message in await fetched(js, request):
        headers, body, document = message.headers, message.data, None
        form = headers["Wr-Dead-Letter-Form"]
        if form == "document":
            document = json.loads(body)
            body = base64.b64decode(document["original_data"], validate=True)
        elif form == "part":
            number, count = headers["Wr-Dead-Letter-Part"].split("/")
            # The first part is stored last, and says how much of all of them are headers.
            parts.append((int(number), body))
            if number != "1":
                continue
            assert len(parts) == int(count), (len(parts), count)
            body = b"".join(data for _, data in sorted(parts))
            assert len(body) == int(headers["Wr-Dead-Letter-Bytes"])
            body = body[int(headers["Wr-Dead-Letter-Header-Bytes"]) :]
            parts = []
        letters.append(
            {
                "form": form,
                "headers": headers,
                "document": document,
                "original": encoded(body),
            }
        )
    return letters


async def stream(js, request):
    """The settings of a stream, as nats-py reads them."""
    return (await js.stream_info(request["name"])).config.as_dict()


async def consumer(js, request):
    """The settings of a consumer, as nats-py reads them."""
    info = await js.consumer_info(request["stream"], request["name"])
    return info.config.as_dict()


async def add_stream(js, request):
    """A stream of the settings that nats-py has by default, but for some."""
    return (await js.add_stream(**request["config"])).config.as_dict()


VERBS = {
    verb.__name__: verb
    for verb in [publish, read, dead_letters, stream, consumer, add_stream]
}


async def main(url):
    connection = await nats.connect(url, name="nats-py")
    js = connection.jetstream(timeout=PATIENCE)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        request = json.loads(line)
        try:
            answer = {"ok": await VERBS[request["verb"]](js, request)}
        except Exception as error:  # Whatever it is, the one who asked shall know.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
    await connection.close()


asyncio.run(main(sys.argv[1]))
