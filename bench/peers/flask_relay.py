"""The relay that one writes with Flask and OpenAI's SDK, for gunicorn's gevent worker."""

import json
from collections.abc import Iterator

from flask import Flask, Response, request
from openai import OpenAI

app = Flask(__name__)
client = OpenAI()


@app.post("/api/chat/stream")
def chat() -> Response:
    ask = request.get_json()
    return Response(relay(ask["message"], ask["model"]), mimetype="text/event-stream")


def relay(message: str, model: str) -> Iterator[str]:
    chunks = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": message}], stream=True
    )
    for chunk in chunks:
        if chunk.choices and (text := chunk.choices[0].delta.content):
            yield f"data: {json.dumps({'text': text})}\n\n"
    yield "data: [DONE]\n\n"
