"""The official Python SDKs connect as an agent of a person: they register, send the person to the consent page, and call a
tool, before and after their access token ended. Standard input says where, and the cookie of the person, for whom this
script clicks Allow."""

import asyncio
import importlib.metadata
import json
import re
import sys
import urllib.parse
import urllib.request

from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientMetadata

order = json.load(sys.stdin)
is_version_1 = importlib.metadata.version("mcp").startswith("1.")
CALLBACK = "http://127.0.0.1:33418/callback"
kept = {}


class Storage:
    async def get_tokens(self):
        return kept.get("tokens")

    async def set_tokens(self, tokens):
        kept["tokens"] = tokens

    async def get_client_info(self):
        return kept.get("client")

    async def set_client_info(self, client):
        kept["client"] = client


def fetch(url, data=None, **headers):
    request = urllib.request.Request(url, data=data, headers={"cookie": order["cookie"], **headers})
    with urllib.request.urlopen(request) as answer:
        return answer.geturl(), answer.headers, answer.read().decode()


async def open_page(page):
    """Allows all that is asked."""
    consent, _, html = fetch(page)
    fields = [("csrf", re.search(r'name="csrf" value="([^"]+)"', html)[1]), ("answer", "allow")]
    fields += [("scope", scope) for scope in re.findall(r'name="scope" value="([^"]+)"', html)]
    origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(consent))
    _, headers, _ = fetch(consent, urllib.parse.urlencode(fields).encode(), origin=origin)
    back = headers["refresh"].removeprefix("0; url=")
    kept["back"] = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))


async def hear_back():
    back = kept["back"]
    if is_version_1:
        return back["code"], back["state"]
    from mcp.client.auth import AuthorizationCodeResult

    return AuthorizationCodeResult(code=back["code"], state=back["state"], iss=back["iss"])


def provider():
    name = f"Python SDK {importlib.metadata.version('mcp')}"
    metadata = OAuthClientMetadata(client_name=name, redirect_uris=[CALLBACK], token_endpoint_auth_method="none")
    return OAuthClientProvider(order["url"], metadata, Storage(), open_page, hear_back)


async def ask():
    if is_version_1:
        from mcp import ClientSession
        from mcp.client.streamable_http import streamablehttp_client

        async with streamablehttp_client(order["url"], auth=provider()) as (read, write, _):
            async with ClientSession(read, write) as session:
                await session.initialize()
                answer = await session.call_tool("list_students", {})
    else:
        import httpx2
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client

        async with httpx2.AsyncClient(auth=provider()) as http:
            async with Client(streamable_http_client(order["url"], http_client=http)) as client:
                answer = await client.call_tool("list_students", {})
    return answer.content[0].text


async def main():
    heard["first"] = await ask()
    refresh_token = kept["tokens"].refresh_token
    kept["tokens"] = kept["tokens"].model_copy(update={"access_token": "over"})
    heard["second"] = await ask()
    heard["isRefreshed"] = kept["tokens"].refresh_token != refresh_token


def causes(error):
    if isinstance(error, BaseExceptionGroup):
        return [cause for inner in error.exceptions for cause in causes(inner)]
    return [f"{type(error).__name__}: {error}"]


heard = {}
try:
    asyncio.run(main())
except BaseException as error:
    heard["error"] = "; ".join(causes(error))
print(json.dumps(heard))
