"""The relay that one writes with FastAPI and OpenAI's SDK."""

import json
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI
from pydantic import BaseModel

app = FastAPI()
client = AsyncOpenAI()


class Ask(BaseModel):
    message: str
    model: str


@app.post("/api/chat/stream")
async def chat(ask: Ask) -> StreamingResponse:
    return StreamingResponse(relay(ask), media_type="text/event-stream")


async def relay(ask: Ask) -> AsyncIterator[str]:
    chunks = await client.chat.completions.create(
        model=ask.model, messages=[{"role": "user", "content": ask.message}], stream=True
    )
    async for chunk in chunks:
        if chunk.choices and (text := chunk.choices[0].delta.content):
            yield f"data: {json.dumps({'text': text})}\n\n"
    yield "data: [DONE]\n\n"
