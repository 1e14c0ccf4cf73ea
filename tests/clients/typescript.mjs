// The official TypeScript SDKs: lists tools, calls each, prints what was heard. Version and era are the arguments;
// standard input says where, with which headers or by which sign-in, and what to call.
import { readFileSync } from 'node:fs';

const [version, era] = process.argv.slice(2);
const { url, headers, calls, signIn } = JSON.parse(readFileSync(0));
const sdk =
  version === '1'
    ? {
        ...(await import('@modelcontextprotocol/sdk/client/index.js')),
        ...(await import('@modelcontextprotocol/sdk/client/streamableHttp.js')),
        ...(await import('@modelcontextprotocol/sdk/client/auth-extensions.js')),
      }
    : await import('@modelcontextprotocol/client');
const client = new sdk.Client({ name: 'journey', version: '1' }, { versionNegotiation: { mode: era } });
const provider = signIn && new sdk[signIn.privateKey ? 'PrivateKeyJwtProvider' : 'ClientCredentialsProvider'](signIn);
const options = { requestInit: { headers }, authProvider: provider };
const heard = { tools: [], answers: {} };
try {
  await client.connect(new sdk.StreamableHTTPClientTransport(new URL(url), options));
  heard.tools = (await client.listTools()).tools.map((tool) => tool.name);
  for (const [name, args] of Object.entries(calls)) {
    const { isError, content } = await client.callTool({ name, arguments: args });
    heard.answers[name] = { isError: isError === true, text: content[0].text };
  }
  await client.close();
} catch (error) {
  heard.error = `${error.constructor.name} ${error.code ?? error.data?.status ?? ''}: ${error.message}`;
}
console.log(JSON.stringify(heard));
