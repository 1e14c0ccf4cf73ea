// The dashboard in a real browser: what a person does there, with JavaScript and without, and axe on every page.
// Settings come from the environment: see tests/journeys/with_browser.rs.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const { ADMIN_URL, SERVER_URL, EMAIL, PASSWORD, SESSION_ID, STUDENT_ID, SKILL_ID, JOB_ID, CLIENT_ID, ERASURE_ID, LEAVING_IDS, IMPORT_ID,
  OTHER_ID, PACKAGES, CHROMIUM } = process.env;
const packages = createRequire(join(PACKAGES, "here.js"));
const { chromium } = packages("playwright-core");
const axe = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--no-first-run"];
const PAGES = [
  "/", "/sessions", "/sessions?q=nobody", "/sessions?sort=-cost&grade=7", `/sessions/${SESSION_ID}`,
  `/sessions/${SESSION_ID}/erase`, "/settings/erasures", `/settings/erasures/${ERASURE_ID}`,
  "/students", "/students?attention=yes", "/students/new", `/students/${STUDENT_ID}`, `/students/${STUDENT_ID}/edit`,
  `/students/${STUDENT_ID}/merge`, `/students/${STUDENT_ID}/merge?with=${STUDENT_ID}`,
  `/students/${STUDENT_ID}/report`, `/students/${STUDENT_ID}/erase`, `/students/${STUDENT_ID}/skills/${SKILL_ID}`,
  "/today", "/review", "/calendar", "/calendar?cohort=Period+3", `/calendar?student=${STUDENT_ID}`, "/students/class",
  "/students/class?strand=maths.fractions",
  "/analytics", "/analytics?by=grade&range=364", "/search?q=fractions", "/search?q=the&said=student&cohort=Period+3",
  "/search?q=nobody&said=tutor",
  "/curriculum", "/curriculum?q=nobody", "/curriculum/new", "/curriculum/import", "/students/import",
  `/students/undo-import/${IMPORT_ID}`,
  "/curriculum/maths.number.place_value", "/curriculum/maths.number.place_value/edit",
  "/jobs", "/jobs?state=done", "/jobs?state=scheduled", `/jobs/${JOB_ID}`, "/jobs?kind=enrich_analysis", `/jobs/${JOB_ID}/discard`,
  "/jobs/alike/retry?reason=the+model+was+away", "/jobs/alike/discard?reason=none", "/jobs/overhauls",
  "/settings/connections", "/settings/organisation", "/consents", "/calls", `/students/${STUDENT_ID}/disclosures`,
  "/settings/webhooks", "/settings/clients", `/settings/clients/${CLIENT_ID}/revoke`, "/settings/users",
  `/settings/users/${OTHER_ID}/leave?step=disabled`,
  "/settings/tools", "/settings/tools?only=failed", "/settings/audit", "/settings/audit?act=job.retry&from=2026-11-01",
  "/settings/audit?student=amara",
  "/account", "/account?done=password", "/account/second-factor", "/setup/a-link-of-an-invitation", "/nowhere",
];

// Registers a program, and returns the query by which it asks a person to connect it.
async function register(redirectUri) {
  const answer = await fetch(`${SERVER_URL}/auth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_name: "Browser agent", redirect_uris: [redirectUri] }),
  });
  const { client_id } = await answer.json();
  const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  return new URLSearchParams({ response_type: "code", client_id, redirect_uri: redirectUri, code_challenge: challenge,
    code_challenge_method: "S256", state: "s" });
}

const asked = await register("https://agent.example/back");
PAGES.push(`/connect?${asked}`);

const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
const faults = [];

// A separate window, whose errors fail the test.
async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("console", message => {
    // That a page of the list does not exist, or a form is refused, is the point of it.
    const isMeant = /status of (404|422)/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isMeant) faults.push(`${page.url()}: ${message.text()}`);
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

// Allows an agent: the browser returns to the program automatically, and once.
async function connectAgent(page, inWindow) {
  const heard = [];
  const program = createServer((request, response) => {
    heard.push(request.url);
    response.setHeader("content-type", "text/html");
    // Without an icon in the page, the browser requests one.
    response.end('<!doctype html><title>Program</title><link rel="icon" href="data:,">You may close this window.');
  });
  await new Promise(ready => program.listen(0, "127.0.0.1", ready));
  const callback = `http://127.0.0.1:${program.address().port}/back`;
  const asks = `${SERVER_URL}/auth/authorize?${await register(callback)}`;
  if (inWindow) {
    // As some programs do: in a window of their own, which must not count as closed.
    await page.goto(new URL("/", callback).href);
    const [opened] = await Promise.all([page.waitForEvent("popup"), page.evaluate(url => { self.w = open(url); }, asks)]);
    await opened.click("button:has-text('Allow')");
    await opened.waitForURL(url => url.href.startsWith(callback));
    assert.ok(await page.evaluate(() => !self.w.closed) && await opened.evaluate(() => self.opener !== null));
    await opened.close();
  } else {
    await page.goto(asks);
    await page.waitForSelector("text=This program is unverified");
    await page.click("button:has-text('Allow')");
    await page.waitForURL(url => url.href.startsWith(callback));
  }
  const codes = heard.filter(path => path.startsWith("/back?code=code_") && path.includes("state=s") && path.includes("iss="));
  assert.equal(codes.length, 1, heard.join());
  program.close();
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

// Says yes in time, or fails.
async function until(what, look) {
  const deadline = Date.now() + 30_000;
  while (!await look()) {
    assert.ok(Date.now() < deadline, what);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

// Hears the recording: by the button, by a turn's time, by the map, by the keys.
async function listen(page) {
  await page.goto(`${ADMIN_URL}/sessions/${SESSION_ID}`);
  const position = () => page.$eval("[data-player] audio", audio => audio.currentTime);
  const current = () => page.$$eval('.turn[aria-current="true"]', turns => turns.map(turn => turn.id).join());
  assert.ok(await page.locator(".map .evm").count() > 0, "evidence is marked on the map");
  await page.click("[data-play]");
  await until("it plays", async () => await position() > 0.2);
  const turn = page.locator(".turn").nth(4);
  const [id, start] = [await turn.getAttribute("id"), Number(await turn.getAttribute("data-start"))];
  await turn.locator(".at a").click();
  await until("a turn's time leads there", async () => Math.abs(await position() - start) < 3);
  await until("the turn is marked", async () => await current() === id);
  await page.check("[data-follow]");
  await page.selectOption("[data-rate]", "2");
  assert.equal(await page.$eval("[data-player] audio", audio => audio.playbackRate), 2);
  await page.locator("[data-position]").fill("70");
  await until("the map leads there", async () => await position() >= 69);
  await page.locator("h1").click();
  await page.keyboard.press("Space");
  await until("Space pauses", () => page.$eval("[data-player] audio", audio => audio.paused));
  const tag = page.locator('#analysis-card a.tag[href^="#t"]').first();
  await tag.click();
  const aim = await page.$eval(await tag.getAttribute("href"), turn => Number(turn.dataset.start));
  await until("evidence leads there", async () => Math.abs(await position() - aim) < 1);
}

// Adds a passkey of Chromium's own authenticator, signs in with it alone and after the password, and removes it.
async function usePasskeys(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const use = () => page.click("[data-passkey]");
  const forget = async path => { await page.context().clearCookies(); await page.goto(ADMIN_URL + path); };
  await logIn(page);
  await page.goto(`${ADMIN_URL}/account`);
  await page.click("button:has-text('Add a passkey')");
  await check(page, "adding a passkey");
  await page.fill("#name", "");
  await use();
  assert.ok(page.url().endsWith("/new"), "a passkey without a name is not made");
  await page.fill("#name", "Chromium");
  await page.press("#name", "Enter");
  await page.waitForSelector("h1:has-text('Your passkey is added')");
  assert.equal(await page.locator("li code").count(), 10, "recovery codes come with it");
  await check(page, "recovery codes");
  const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
  assert.deepEqual(credentials.map(one => [one.rpId, one.isResidentCredential]), [["localhost", true]]);
  // The same device again.
  await page.goto(`${ADMIN_URL}/account`);
  await page.click("button:has-text('Add a passkey')");
  await use();
  await page.waitForSelector("[data-passkey-note]:has-text('has a passkey of your account already')");

  await forget("/login?next=%2Fjobs");
  await use();
  await page.waitForURL(`${ADMIN_URL}/jobs`);
  await forget("/login");
  await page.fill("#email", EMAIL);
  await page.fill("#password", PASSWORD);
  await page.click("button.primary");
  await page.waitForSelector("h1:has-text('Confirm that it is you')");
  await check(page, "the second step");
  await use();
  await page.waitForURL(`${ADMIN_URL}/`);

  // A person who does not look into the camera sees what happened, and may try again.
  await forget("/login");
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await use();
  await page.waitForSelector("[data-passkey-note]:has-text('Nothing was sent')");
  await check(page, "a refused passkey");
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
  await use();
  await page.waitForURL(`${ADMIN_URL}/`);

  await page.goto(`${ADMIN_URL}/account`);
  assert.ok(!(await page.textContent("section[aria-labelledby='passkeys'] tbody")).includes("Not used yet"), "it was used");
  await page.click("button:has-text('Remove')");
  await page.waitForSelector("text=You have no passkey yet.");
  await forget("/login");
  await use();
  await page.waitForSelector("text=It may have been removed");
}

// A tutor's tasks, each with its clicks counted. `press` clicks, or tabs to the element and presses a key.
async function teach(page, isByKeyboard) {
  let clicks = 0;
  const counted = async (most, what) => {
    assert.ok(clicks <= most, `${what}: ${clicks} clicks`);
    console.log(`${what}: ${clicks} clicks, ${isByKeyboard ? "keys" : "mouse"}`);
    clicks = 0;
  };
  const press = async (target, key = "Enter") => {
    clicks += 1;
    const one = page.locator(target).filter({ visible: true }).first();
    if (!isByKeyboard) return one.click();
    await one.focus();
    assert.ok(await one.evaluate(element => element === document.activeElement), `${target} takes the focus`);
    await page.keyboard.press(key);
  };
  const arrive = async (target, key) => {
    await Promise.all([page.waitForEvent("load"), press(target, key)]);
  };
  const at = isByKeyboard ? "by keyboard" : "by mouse";

  // From the top of a page into its list, past navigation and filters.
  if (isByKeyboard) {
    for (const path of ["/students", "/sessions", "/today", "/calendar", "/curriculum", "/jobs", "/settings/users"]) {
      await page.goto(ADMIN_URL + path);
      for (const key of ["Tab", "Tab", "Enter", "Tab"]) await page.keyboard.press(key);
      const focused = page.locator("#rows :focus");
      assert.equal(await focused.count(), 1, `${path}: three tabs lead into the list`);
      if (path === "/students") assert.match(await focused.getAttribute("href"), /^\/students\/[0-9a-f-]{36}$/);
    }
  }

  // Who needs help today, and what do I do?
  await page.goto(`${ADMIN_URL}/today`);
  await check(page, `/today ${at}`);
  const row = page.locator(".needs li").first();
  assert.match(await row.textContent(), /Amara Okafor.*Urgent.*Read what was said/s);
  await arrive(".needs li .btn.primary");
  assert.ok(page.url().includes(`/sessions/${SESSION_ID}`));
  await counted(6, "who needs help, and what was said");

  // What did this child get wrong? Correct it, at the turn.
  await page.goto(`${ADMIN_URL}/students/${STUDENT_ID}/skills/${SKILL_ID}`);
  const answer = ".answers > li:has(.badge.bad)";
  for (const word of ["Asked", "Said", "Mark"]) assert.ok((await page.textContent(answer)).includes(word), word);
  const id = await page.locator(answer).first().getAttribute("id");
  const marked = `[id="${id}"]`;
  await press(`${marked} summary`);
  await check(page, `changing a mark ${at}`);
  await press(`${marked} input[value="correct"]`, "Space");
  await arrive(`${marked} button:has-text('Save')`);
  assert.match(await page.textContent(marked), /Right.*Changed by/s);
  await counted(3, "changing a mark");
  // The session shows the person's verdict, also after another analysis.
  const turn = page.locator(`${marked} dd.said a`);
  await turn.click();
  await page.waitForURL(/\/sessions\/.*#t\d+$/);
  const said = `[id="${page.url().split("#")[1]}"]`;
  assert.match(await page.textContent(said), /Right.*Changed by/s);
  await press(`${said} .undo`);
  await page.waitForFunction(selector => document.querySelector(selector)?.textContent.includes("Changed by") === false, said);
  clicks = 0;

  // An answer that the analysis was not sure of, from Today, with one click or one key.
  await page.goto(`${ADMIN_URL}/today`);
  await arrive("main a:has-text('Review')");
  const unsure = page.locator(".review").first();
  const unsureId = await unsure.getAttribute("id");
  for (const word of ["Asked", "Said", "Analysis"]) assert.ok((await unsure.textContent()).includes(word), word);
  await check(page, `the review ${at}`);
  if (isByKeyboard) {
    clicks += 1;
    await Promise.all([page.waitForEvent("load"), page.keyboard.press("3")]);
  } else {
    await arrive(".review button:has-text('Wrong')");
  }
  assert.equal(await page.locator(`[id="${unsureId}"]`).count(), 0, "it is marked");
  await counted(2, "reviewing an answer");

  // A sheet that was imported by mistake.
  await page.goto(`${ADMIN_URL}/students`);
  await arrive("a:has-text('Import a sheet')");
  await page.fill("#sheet", `name;grade\nWrong Sheet ${isByKeyboard ? "One" : "Two"};4\n`);
  await arrive("button:has-text('Show preview')");
  await arrive("button:has-text('Import 1 student')");
  await arrive("a:has-text('Undo this import')");
  await check(page, `undoing an import ${at}`);
  await arrive("button:has-text('Undo for 1 student')");
  assert.ok(await page.locator("text=Undone for 1 student").isVisible());
  await counted(5, "an import and its undo");

  // Class progress on fractions; who is ready?
  await page.goto(`${ADMIN_URL}/students`);
  await arrive("a:has-text('Class view')");
  await page.selectOption("#strand", "maths.fractions");
  clicks += 1;
  await arrive(".filters button:has-text('Show')");
  assert.ok((await page.textContent("main")).includes("Ready for next"));
  await check(page, `a class ${at}`);
  await arrive(".heat td a");
  assert.ok(page.url().includes("/skills/maths.fractions."));
  await counted(6, "the class, and one student's answers");

  // Calls in which a student of the class said a word.
  await page.goto(`${ADMIN_URL}/today`);
  await page.keyboard.press("/");
  await page.keyboard.type("sixths");
  clicks += 2;
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  const group = "section[aria-labelledby='transcripts']";
  await page.selectOption(`${group} #said`, "student");
  await page.selectOption(`${group} #cohort`, "Period 3");
  clicks += 2;
  await arrive(`${group} button:has-text('Filter')`);
  assert.ok(page.url().includes("said=student") && page.url().includes("cohort=Period+3"));
  assert.equal(await page.textContent(`${group} header p`), "1 call");
  await check(page, `a search of what was said ${at}`);
  await arrive(".hits .said:has(mark) a");
  assert.match(page.url(), /\/sessions\/.*#t\d+$/);
  await counted(6, "calls in which a student said a word");

  // Add a skill: all that is missing is said at once, and a sentence is tried before it is saved.
  await page.goto(`${ADMIN_URL}/curriculum`);
  await arrive("a:has-text('Add a skill')");
  await arrive("button:has-text('Save')");
  for (const id of ["name", "subject"]) assert.ok(await page.locator(`#${id}-error .error`).isVisible(), id);
  await check(page, `a refused skill ${at}`);
  await page.fill("#name", `Dinosaur sums ${at}`);
  await page.selectOption("#subject", "maths");
  clicks += 1;
  const phrase = isByKeyboard ? "long tails" : "long necks";
  await page.fill("#lexicon", phrase);
  await page.fill("#sentence", `Can you name an animal with ${phrase}?`);
  await arrive("button:has-text('Try')");
  assert.ok(await page.locator("text=The analysis finds this skill").isVisible());
  await check(page, `a sentence that is tried ${at}`);
  await arrive("button:has-text('Save')");
  await page.waitForSelector("text=The skill is saved");
  assert.ok(page.url().includes("/curriculum/maths.dinosaur_sums_by_"), "it has a short name");
  await counted(6, "a new skill");

  // A report for the parents.
  await page.goto(`${ADMIN_URL}/students/${STUDENT_ID}`);
  await arrive("a:has-text('Report for parents')");
  await page.fill("#comment", "A good week.");
  clicks += 1;
  await page.evaluate(() => { window.print = () => { window.printed = true; }; });
  await press("[data-print]");
  assert.ok(await page.evaluate(() => window.printed), "it prints");
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator("#comment").isVisible() && !await page.locator("[data-print]").isVisible());
  await page.fill("#comment", "");
  assert.ok(!await page.locator("#comment").isVisible(), "without a comment its place is not printed");
  await page.emulateMedia({ media: "screen" });
  await check(page, `the report ${at}`);
  await counted(6, "a report on paper");

  // Ask for the book on a day to come, in another student's time zone; then later, then not at all.
  const inDays = days => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const words = `Return the book, ${at}`;
  const entry = `li.attn:has-text("${words}")`;
  await page.goto(`${ADMIN_URL}/today`);
  await arrive("main a:has-text('Calendar')");
  await page.fill("#student", "Amara Okafor");
  await press("#kind-reminder", "Space");
  await page.fill("#call-at", `${inDays(3)}T16:30`);
  await page.fill("#call-reason", words);
  clicks += 3;
  await arrive("button:has-text('Add to calendar')");
  assert.ok(page.url().endsWith(`#day-${inDays(3)}`), page.url());
  assert.match(await page.textContent(`[id="day-${inDays(3)}"]`), /16:30.*Amara Okafor.*Return the book.*In Asia\/Tokyo/s);
  await counted(6, "a reminder in the calendar");
  await press(`${entry} summary`);
  await check(page, `changing an entry ${at}`);
  await page.fill(`${entry} input[name="at"]`, `${inDays(11)}T09:15`);
  clicks += 1;
  await arrive(`${entry} button:has-text('Move')`);
  assert.match(await page.textContent(`[id="day-${inDays(11)}"]`), /09:15.*Return the book/s);
  await counted(6, "moving it");
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator(entry).isVisible() && !await page.locator("#call-at").isVisible(), "it prints what is due");
  await page.emulateMedia({ media: "screen" });
  await press(`${entry} summary`);
  await arrive(`${entry} button:has-text('Cancel reminder')`);
  assert.equal(await page.locator(entry).count(), 0);
  await counted(6, "cancelling it");
  // A call to one student, from the student's page.
  await page.goto(`${ADMIN_URL}/students/${STUDENT_ID}`);
  await page.fill("#call-at", `${inDays(4)}T16:30`);
  await page.fill("#call-reason", words);
  clicks += 2;
  await arrive("button:has-text('Add to calendar')");
  await arrive("#calls ~ .actions a:has-text('Calendar')");
  assert.match(await page.textContent("h1"), /Calendar of Amara Okafor/);
  await counted(6, "a call from the student's page");
  await page.goto(`${ADMIN_URL}/calendar?student=${STUDENT_ID}&week=${inDays(4)}`);
  assert.match(await page.textContent(entry), /16:30.*Asked for a callback/s);

  // The parents want all data deleted.
  const leaving = LEAVING_IDS.split(",")[isByKeyboard ? 1 : 0];
  await page.goto(`${ADMIN_URL}/students/${leaving}`);
  const name = await page.textContent("h1");
  await arrive("a:has-text('Erase this student')");
  await check(page, `erasing a student ${at}`);
  await page.fill("#name", name);
  await page.selectOption("#asked_by", "guardian");
  clicks += 2;
  await arrive("button:has-text('Erase')");
  assert.ok(page.url().includes("/settings/erasures/"), page.url());
  const receipt = await page.textContent("main");
  for (const words of ["Receipt of an erasure", "A parent or guardian", "Student profiles"]) assert.ok(receipt.includes(words), words);
  assert.ok(!receipt.includes("Mensah"), "the receipt names nobody");
  await check(page, `a receipt ${at}`);
  await page.evaluate(() => { window.print = () => { window.printed = true; }; });
  await press("[data-print]");
  assert.ok(await page.evaluate(() => window.printed), "it prints");
  await counted(6, "a deletion with its receipt");
}

// What a page costs by the wire, in bytes: headers, the document, and all that it loads.
async function weigh(context, path) {
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  const [ours, cost] = [new Map(), new Map()];
  await wire.send("Network.enable");
  wire.on("Network.requestWillBeSent", ({ requestId, request, type }) => {
    // A recording is loaded only when a person plays it.
    if (request.url.startsWith(ADMIN_URL) && type !== "Media") ours.set(requestId, request.url.slice(ADMIN_URL.length));
  });
  wire.on("Network.responseReceived", ({ requestId, response }) => cost.set(requestId, response.encodedDataLength));
  wire.on("Network.dataReceived", ({ requestId, encodedDataLength }) =>
    cost.set(requestId, (cost.get(requestId) ?? 0) + encodedDataLength));
  // The last word, also of what came from the cache; a stream that stays open never says it.
  wire.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => cost.set(requestId, encodedDataLength));
  await page.goto(ADMIN_URL + path);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(300);
  await page.close();
  const parts = [...cost].filter(([requestId, bytes]) => ours.has(requestId) && bytes > 0);
  return {
    bytes: parts.reduce((sum, [, bytes]) => sum + bytes, 0),
    parts: parts.map(([requestId, bytes]) => `${ours.get(requestId)} ${bytes}`).join(", "),
  };
}

if (process.argv[2] === "weight") {
  const page = await open({});
  await logIn(page);
  const storageState = await page.context().storageState();
  for (const path of PAGES) {
    // Nothing is in the cache of a new window.
    const context = await browser.newContext({ storageState });
    const cold = await weigh(context, path);
    let warm = await weigh(context, path);
    // If something changed between the page and its stream, such as the length of a call, the stream sends the news. That is rare.
    for (let again = 0; again < 3 && warm.bytes > 15_000; again += 1) warm = await weigh(context, path);
    console.log(`${path}: ${cold.bytes} bytes, then ${warm.bytes}`);
    if (cold.bytes < 30_000) faults.push(`${path}: ${cold.bytes} bytes at first, which cannot be all of it`);
    if (cold.bytes > 150_000) faults.push(`${path}: ${cold.bytes} bytes at first: ${cold.parts}`);
    if (warm.bytes > 15_000) faults.push(`${path}: ${warm.bytes} bytes when it is opened again: ${warm.parts}`);
    await context.close();
  }
} else if (process.argv[2] === "player") {
  const page = await open({});
  await logIn(page);
  await listen(page);
} else if (process.argv[2] === "polling") {
  const page = await open({});
  // A proxy that lets no stream through. What the browser says of refused requests is the point of it.
  await page.route(url => url.pathname.startsWith("/events/") && !url.searchParams.has("once"), route => route.abort());
  await logIn(page);
  await retry(page, () => new Promise(resolve => setTimeout(resolve, 100)));
  await page.waitForSelector("#live-state:has-text('Updated every 10 s')");
  await page.goto(`${ADMIN_URL}/sessions`);
  await page.waitForSelector("#live-state:has-text('Updated every 10 s')");
  await page.route(url => url.pathname.startsWith("/events/"), route => route.abort());
  await page.waitForSelector("#live-state:has-text('Not live since')");
  assert.ok(await page.locator("tbody tr").count() > 0, "what was shown stays");
  assert.ok(faults.every(fault => /ERR_FAILED|Failed to fetch/.test(fault)), faults.join("\n"));
  faults.length = 0;
} else if (process.argv[2] === "live") {
  const page = await open({});
  await logIn(page);
  await page.waitForSelector("#live-state:has-text('Live')");
  // Nothing but the page itself brings the news.
  await retry(page, () => new Promise(resolve => setTimeout(resolve, 100)));
  await addNote(page, "Likes to be asked why.");
  await makeAndUseClient(page);
  await connectAgent(page, false);
  await connectAgent(page, true);
  // The list is live, and another filter is another stream.
  await page.goto(`${ADMIN_URL}/sessions`);
  await page.waitForSelector("#live-state:has-text('Live')");
  await page.fill("#q", "nobody");
  await page.waitForSelector("text=No sessions match");
  await page.waitForFunction(() => document.querySelector("#live-state").dataset.events.includes("q=nobody"));
  await page.waitForSelector("#live-state:has-text('Live')");
  await new Promise(resolve => setTimeout(resolve, 3000));
  assert.ok(await page.locator("text=No sessions match").isVisible(), "the stream keeps to the filter");
} else if (process.argv[2] === "idle") {
  const page = await open({});
  await page.clock.install();
  await logIn(page);
  await page.goto(`${ADMIN_URL}/students/${STUDENT_ID}`);
  const shows = async name => (await page.content()).includes(name);
  await page.clock.fastForward("20:00");
  await page.keyboard.press("Shift");
  await page.clock.fastForward("20:00");
  assert.ok(await shows("Amara Okafor") && !page.url().includes("/login"), "a page in use stays");
  // Another tab is used.
  const other = await page.context().newPage();
  await other.goto(`${ADMIN_URL}/account`);
  await new Promise(resolve => setTimeout(resolve, 5500));
  await other.keyboard.press("Shift");
  await new Promise(resolve => setTimeout(resolve, 500));
  await page.clock.fastForward("20:00");
  assert.ok(await shows("Amara Okafor"), "so does one beside it");
  await page.context().clearCookies();
  await page.clock.fastForward("32:00");
  await page.waitForURL(url => url.pathname === "/login");
  assert.ok(!await shows("Amara"), "one that was left open shows nothing");
  faults.splice(0, faults.length, ...faults.filter(fault => !fault.includes("status of 401")));
} else if (process.argv[2] === "teach") {
  const page = await open({ viewport: { width: 1440, height: 900 } });
  await logIn(page);
  await teach(page, false);
  await page.setViewportSize({ width: 390, height: 844 });
  await teach(page, true);
} else if (process.argv[2] === "passkey") {
  await usePasskeys(await open({}));
  // Signing out and a new cookie end what the page before may still ask for.
  faults.splice(0, faults.length, ...faults.filter(fault => !fault.includes("status of 401")));
} else if (process.argv[2] === "plain") {
  const page = await open({ javaScriptEnabled: false });
  assert.ok(await page.locator("text=Passkeys need JavaScript").isVisible());
  assert.ok(!await page.locator("[data-passkey]").isVisible(), "no button that does nothing");
  await logIn(page);
  await retry(page, page => page.reload());
  // Without script: the browser's own player, filters, order, a view, the bulk button, the files.
  await page.goto(`${ADMIN_URL}/sessions/${SESSION_ID}`);
  assert.ok(await page.locator("audio[controls]").isVisible() && !await page.locator(".map").isVisible());
  await page.goto(`${ADMIN_URL}/sessions`);
  await page.selectOption("#status", "analyzed");
  await page.click(".fields button:has-text('Filter')");
  await page.click("th a:has-text('Length')");
  assert.ok(page.url().includes("status=analyzed") && page.url().includes("sort=length"));
  await page.click("summary:has-text('Your views')");
  await page.fill("#view-name", "Longest first");
  await page.click("button:has-text('Save view')");
  await page.waitForSelector('.views a[aria-current="page"]:has-text("Longest first")');
  await page.check('tbody input[name="id"]');
  await page.click("button:has-text('Run again')");
  await page.waitForSelector("text=will be analysed again");
  await addNote(page, "Prefers mornings.");
  await makeAndUseClient(page);
  await connectAgent(page, false);
} else {
  for (const width of [1440, 390]) for (const colorScheme of ["light", "dark"]) {
    const page = await open({ viewport: { width, height: 900 }, colorScheme });
    const at = `at ${width}, ${colorScheme}`;
    await check(page, `/login ${at}`);
    await page.fill("#email", EMAIL);
    await page.fill("#password", "not the password");
    await page.click("button.primary");
    await check(page, `/login refused ${at}`);
    await logIn(page);
    // Fields that are refused, and a secret that is shown once.
    for (const name of [" ", "Roster"]) {
      await page.goto(`${ADMIN_URL}/settings/clients`);
      await page.fill("#name", name);
      await page.click("button:has-text('Make client')");
      await page.waitForSelector(name === " " ? "#name-error" : "#made-secret");
      await check(page, `/settings/clients with “${name}” ${at}`);
    }
    // Each page in both widths and both schemes, in two visits: wide and light, narrow and dark, or the other way round.
    const isFirst = (width === 1440) === (colorScheme === "light");
    for (const path of PAGES.filter((_, i) => (i % 2 === 0) === isFirst)) {
      await page.goto(ADMIN_URL + path);
      await check(page, `${path} ${at}`);
    }
    await page.context().close();
  }
}
await browser.close();
assert.deepEqual(faults, []);
