"""The official Python SDKs: lists tools, calls each, prints what was heard. The era is the argument; standard input says
where, with which headers, and what to call."""

import asyncio
import importlib.metadata
import json
import sys

order = json.load(sys.stdin)
heard = {"tools": [], "answers": {}}


async def talk(client):
    heard["tools"] = [tool.name for tool in (await client.list_tools()).tools]
    for name, arguments in order["calls"].items():
        answer = await client.call_tool(name, arguments)
        is_error = answer.isError if hasattr(answer, "isError") else answer.is_error
        heard["answers"][name] = {"isError": bool(is_error), "text": answer.content[0].text}


async def version_1():
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with streamablehttp_client(order["url"], headers=order["headers"]) as (read, write, _):
        async with ClientSession(read, write) as session:
            await session.initialize()
            await talk(session)


async def version_2():
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    async with httpx2.AsyncClient(headers=order["headers"]) as http:
        async with Client(streamable_http_client(order["url"], http_client=http), mode=sys.argv[1]) as client:
            await talk(client)


def causes(error):
    if isinstance(error, BaseExceptionGroup):
        return [cause for inner in error.exceptions for cause in causes(inner)]
    return [f"{type(error).__name__}: {error}"]


try:
    asyncio.run(version_1() if importlib.metadata.version("mcp").startswith("1.") else version_2())
except BaseException as error:
    heard["error"] = "; ".join(causes(error))
print(json.dumps(heard))
