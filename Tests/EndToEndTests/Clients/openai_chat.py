"""Talks to a server as OpenAI's own client does; prints what it got as JSON.

    openai_chat.py http://127.0.0.1:30000
"""

import json
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="none")
model = client.models.list().data[0].id
question = [{"role": "user", "content": "What is the capital of France?"}]
common = {"model": model, "messages": question, "temperature": 0, "max_tokens": 40}

whole = client.chat.completions.create(**common, logprobs=True, top_logprobs=3)
stream = list(client.chat.completions.create(
    **common, stream=True, stream_options={"include_usage": True}))
pieces = [event.choices[0].delta.content or "" for event in stream if event.choices]
completion = client.completions.create(
    model=model, prompt="The capital of France is", temperature=0, max_tokens=4, logprobs=2,
    echo=True)
refused = {}
for name, change in {"unknown model": {"model": "nobody"}, "bad range": {"top_p": 7}}.items():
    try:
        client.chat.completions.create(**{**common, **change})
    except openai.APIStatusError as error:
        refused[name] = error.status_code

print(json.dumps({
    "whole": whole.choices[0].message.content,
    "finish": whole.choices[0].finish_reason,
    "logprobs": len(whole.choices[0].logprobs.content),
    "tokens": whole.usage.completion_tokens,
    "streamed": "".join(pieces),
    "pieces": len([piece for piece in pieces if piece]),
    "usage": stream[-1].usage.completion_tokens,
    "completion": completion.choices[0].text,
    "firstLogprob": completion.choices[0].logprobs.token_logprobs[0],
    "refused": refused,
}))
