// A real OpenID Connect provider, and a person who signs in at the dashboard by it: what they saw is printed.
// Standard input says where both are, and how the dashboard is known there.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const { issuer, adminUrl, clientId, clientSecret, accounts } = JSON.parse(readFileSync(0));
// It warns that its pages are for development.
console.info = console.warn = () => {};
const provider = new Provider(issuer, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [`${adminUrl}/login/provider/back`] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  cookies: { keys: ['of a test'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts[id] }) }),
});
const server = provider.listen(Number(new URL(issuer).port), '127.0.0.1');
await once(server, 'listening');

// A browser: it keeps cookies by name and path, and follows what it is told.
class Browser {
  #jar = [];

  async #send(url, form) {
    const { origin, pathname } = new URL(url);
    const sent = this.#jar.filter((cookie) => cookie.origin === origin && pathname.startsWith(cookie.path));
    const response = await fetch(url, {
      redirect: 'manual',
      method: form ? 'POST' : 'GET',
      body: form && new URLSearchParams(form),
      headers: { cookie: sent.map(({ name, value }) => `${name}=${value}`).join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...rest] = line.split('; ');
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const path = rest.find((part) => /^path=/i.test(part))?.slice(5) ?? '/';
      this.#jar = this.#jar.filter((old) => old.name !== name || old.path !== path || old.origin !== origin);
      if (value) this.#jar.push({ origin, name, value, path });
    }
    return response;
  }

  // To the page at which the way ends: its address, status and text.
  async go(url, form) {
    for (let response = await this.#send(url, form); ; response = await this.#send(url)) {
      const next = response.headers.get('location');
      if (!next) return { url, status: response.status, text: await response.text() };
      url = new URL(next, url).href;
    }
  }
}

// From the dashboard to the provider, which asks who it is and whether the dashboard may know, and back.
async function signIn(browser, login, next) {
  let page = await browser.go(`${adminUrl}/login/provider?${new URLSearchParams({ next })}`);
  for (let asked = 0; page.url.startsWith(issuer) && page.status === 200 && asked < 5; asked += 1) {
    const [, action] = page.text.match(/action="([^"]+)"/) ?? [];
    const form = page.text.includes('value="login"') ? { prompt: 'login', login, password: 'any' } : { prompt: 'consent' };
    page = await browser.go(new URL(action, page.url).href, form);
  }
  const title = page.text.match(/<title>([^<]*)/)?.[1];
  const alert = page.text.match(/role="alert">.*?<b>([^<]*)/s)?.[1];
  return { url: page.url, status: page.status, title, alert };
}

const known = new Browser();
const seen = {
  known: await signIn(known, 'person-1', '/jobs'),
  // Signed in there: nobody is asked again.
  again: await signIn(known, 'person-1', '/students'),
  unverified: await signIn(new Browser(), 'person-2', '/'),
  unknown: await signIn(new Browser(), 'person-3', '/'),
};
console.log(JSON.stringify(seen));
server.close();
server.closeAllConnections();
