// The dashboard in a real browser: what a person does there, with JavaScript and without, and axe on every page.
// Settings come from the environment: see tests/journeys/with_browser.rs.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const { ADMIN_URL, SERVER_URL, EMAIL, PASSWORD, SESSION_ID, STUDENT_ID, PACKAGES, CHROMIUM } = process.env;
const packages = createRequire(join(PACKAGES, "here.js"));
const { chromium } = packages("playwright-core");
const axe = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--no-first-run"];
const PAGES = ["/", "/sessions", "/sessions?q=nobody", `/sessions/${SESSION_ID}`, "/students", "/students/new",
  `/students/${STUDENT_ID}`, `/students/${STUDENT_ID}/edit`, "/jobs", "/jobs?state=done", "/settings/clients",
  "/settings/users", "/settings/tools", "/settings/tools?only=failed", "/settings/audit", "/account", "/nowhere"];

const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
const faults = [];

// A window of its own, whose complaints are ours.
async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("console", message => {
    // That a page of the list does not exist is the point of it.
    const isMissing = message.text().includes("404");
    if (["error", "warning"].includes(message.type()) && !isMissing) faults.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", error => faults.push(`${page.url()}: ${error.message}`));
  await page.goto(`${ADMIN_URL}/login`);
  return page;
}

async function logIn(page) {
  await page.fill("#email", EMAIL);
  await page.fill("#password", PASSWORD);
  await page.click("button.primary");
  await page.waitForURL(`${ADMIN_URL}/`);
}

// Finds the session, reads it, and has it analysed again; `settle` brings the page up to date where it is not live.
async function retry(page, settle) {
  await page.goto(`${ADMIN_URL}/sessions?status=needs_attention`);
  await page.click(`a[href="/sessions/${SESSION_ID}"]`);
  assert.ok(await page.locator(".turn").count() > 10, "the transcript is there");
  await page.click("#analysis-card button:has-text('Retry')");
  const deadline = Date.now() + 30_000;
  while (!(await page.textContent("#analysis-card header")).includes("By rules")) {
    assert.ok(Date.now() < deadline, "the session is analysed in time");
    await settle(page);
  }
}

async function addNote(page, text) {
  await page.goto(`${ADMIN_URL}/students/${STUDENT_ID}`);
  await page.fill("#note", text);
  await page.click("button:has-text('Add note')");
  await page.waitForSelector(`#note-list >> text=${text}`);
}

async function makeAndUseClient(page) {
  await page.goto(`${ADMIN_URL}/settings/clients`);
  await page.fill("#name", "Browser test");
  await page.click("button:has-text('Make client')");
  const [id, secret] = [await page.textContent("#made-id"), await page.textContent("#made-secret")];
  const answer = await fetch(`${SERVER_URL}/auth/token`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "grant_type=client_credentials",
  });
  assert.equal(answer.status, 200, "the client that was made is let in");
  assert.equal((await answer.json()).scope, "context:read");
}

async function check(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(async rules => {
    const { violations } = await window.axe.run(document, { runOnly: rules });
    return violations.map(violation => `${violation.id}: ${violation.nodes[0].html.slice(0, 200)}`);
  }, RULES);
  faults.push(...found.map(violation => `${name}: ${violation}`));
  const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (width > 0) faults.push(`${name}: scrolls sideways by ${width} px`);
}

if (process.argv[2] === "live") {
  const page = await open({});
  await logIn(page);
  await page.waitForSelector("#live-state:has-text('Live')");
  // Nothing but the page itself brings the news.
  await retry(page, () => new Promise(resolve => setTimeout(resolve, 100)));
  await addNote(page, "Likes to be asked why.");
  await makeAndUseClient(page);
} else if (process.argv[2] === "plain") {
  const page = await open({ javaScriptEnabled: false });
  await logIn(page);
  await retry(page, page => page.reload());
  await addNote(page, "Prefers mornings.");
  await makeAndUseClient(page);
} else {
  for (const width of [1440, 390]) for (const colorScheme of ["light", "dark"]) {
    const page = await open({ viewport: { width, height: 900 }, colorScheme });
    await check(page, `/login at ${width}, ${colorScheme}`);
    await logIn(page);
    for (const path of PAGES) {
      await page.goto(ADMIN_URL + path);
      await check(page, `${path} at ${width}, ${colorScheme}`);
    }
    await page.context().close();
  }
}
await browser.close();
assert.deepEqual(faults, []);
