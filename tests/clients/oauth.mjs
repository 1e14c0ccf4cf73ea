// The official TypeScript SDKs connect as an agent of a person: they register, send the person to the consent page, and
// call a tool, before and after their access token ended. The version is the argument; standard input says where, and the
// cookie of the person, for whom this script clicks Allow.
import { readFileSync } from 'node:fs';

const [version] = process.argv.slice(2);
const { url, cookie } = JSON.parse(readFileSync(0));
const sdk =
  version === '1'
    ? {
        ...(await import('@modelcontextprotocol/sdk/client/index.js')),
        ...(await import('@modelcontextprotocol/sdk/client/streamableHttp.js')),
      }
    : await import('@modelcontextprotocol/client');

const kept = {};
const provider = {
  redirectUrl: 'http://127.0.0.1:33418/callback',
  clientMetadata: { client_name: `TypeScript SDK ${version}`, redirect_uris: ['http://127.0.0.1:33418/callback'] },
  state: () => 'of the script',
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  redirectToAuthorization: (page) => void (kept.page = page),
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  codeVerifier: () => kept.verifier,
  saveDiscoveryState: (state) => void (kept.discovery = state),
  discoveryState: () => kept.discovery,
};

async function allow(page) {
  const sent = await fetch(page, { redirect: 'manual' });
  const consent = sent.headers.get('location');
  const html = await (await fetch(consent, { headers: { cookie } })).text();
  const body = new URLSearchParams({ csrf: html.match(/name="csrf" value="([^"]+)"/)[1], answer: 'allow' });
  for (const [, scope] of html.matchAll(/name="scope" value="([^"]+)"/g)) body.append('scope', scope);
  const origin = new URL(consent).origin;
  const allowed = await fetch(consent, { method: 'POST', headers: { cookie, origin }, body });
  return new URL(allowed.headers.get('refresh').replace('0; url=', '')).searchParams;
}

async function ask() {
  const client = new sdk.Client({ name: 'journey', version: '1' });
  const transport = new sdk.StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
  try {
    await client.connect(transport);
  } catch (error) {
    if (!kept.page || kept.tokens) throw error;
    const back = await allow(kept.page);
    if (back.get('state') !== 'of the script') throw new Error('the state is another one');
    await (version === '1' ? transport.finishAuth(back.get('code')) : transport.finishAuth(back));
    return ask();
  }
  const answer = await client.callTool({ name: 'list_students', arguments: {} });
  await client.close();
  return answer.content[0].text;
}

const heard = {};
try {
  heard.first = await ask();
  const { refresh_token } = kept.tokens;
  kept.tokens = { ...kept.tokens, access_token: 'over' };
  heard.second = await ask();
  heard.isRefreshed = kept.tokens.refresh_token !== refresh_token;
} catch (error) {
  heard.error = `${error.constructor.name}: ${error.stack}`;
}
console.log(JSON.stringify(heard));
