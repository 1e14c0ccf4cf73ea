// Pictures of every page, light and dark, wide and narrow, of a service with the demo and synthetic data:
//   ./dev screenshots [FOLDER]
// Into docs/screenshots as WebP; into a FOLDER that is named, as PNG, for looking at them one by one.
import { spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [, , binary, folder] = process.argv;
const OUT = folder ?? "docs/screenshots";
const FORMAT = folder ? "png" : "webp";
const ONLY = process.env.ONLY?.split(",");
const ADMIN_ADDR = "127.0.0.1:18096";
// By name, since passkeys need one.
const ADMIN_URL = `http://${ADMIN_ADDR.replace("127.0.0.1", "localhost")}`;
const packages = createRequire(resolve(process.env.PACKAGES ?? "target/tools/browser", "here.js"));
const { chromium } = packages("playwright-core");
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--no-first-run"];

const data = mkdtempSync(join(tmpdir(), "screenshots-"));
const service = spawn(binary, ["up", "--demo", "--data-dir", data], {
  env: { ...process.env, ADMIN_ADDR, ADMIN_URL, MCP_SERVER_ADDR: "127.0.0.1:18095", LLM_BASE_URL: "" },
  stdio: ["ignore", "pipe", "inherit"],
});
let said = "";
await new Promise((ready, reject) => {
  service.stdout.on("data", text => { said += text; if (said.includes("Ctrl-C stops")) ready(); });
  service.on("exit", code => reject(new Error(`the service ended with ${code}:\n${said}`)));
});

function run(...words) {
  const { status, stderr } = spawnSync(binary, words, { encoding: "utf8", env: process.env });
  if (status !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
}

try {
  const [, email, password] = said.match(/Log in as\s+(\S+)\s+password\s+(\S+)/);
  run("seed", "--students", "60", "--sessions", "900", "--seed", "7");
  run("api-client", "create", "--name", "Phone assistant", "--scope", "context:read calls:write notes:write", "--agent-key");
  run("admin-user", "create", "--email", "tomas.rivera@example.org", "--role", "tutor");
  mkdirSync(OUT, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  // The id in the first such link of a page: that part of its address.
  const first = async (page, path, selector, part = 2) => {
    await page.goto(ADMIN_URL + path);
    return (await page.locator(selector).first().getAttribute("href")).split("/")[part];
  };
  // Where a program that was just registered asks a person.
  const consentPage = async () => {
    const redirect_uri = "https://claude.ai/api/mcp/auth_callback";
    const answer = await fetch("http://127.0.0.1:18095/auth/register", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: "Claude", redirect_uris: [redirect_uri] }),
    });
    const { client_id } = await answer.json();
    const code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const query = { response_type: "code", client_id, redirect_uri, code_challenge, code_challenge_method: "S256" };
    return `/connect?${new URLSearchParams(query)}`;
  };
  let places;
  for (const width of [1440, 390]) for (const theme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme, locale: "en-US" });
    const page = await context.newPage();
    const shoot = async (name, path, act) => {
      if (ONLY && !ONLY.includes(name)) return;
      await page.goto(ADMIN_URL + path);
      await act?.();
      await page.waitForTimeout(400);
      if (FORMAT === "png") {
        await page.screenshot({ path: join(OUT, `${name}-${width}-${theme}.png`), fullPage: true });
        return;
      }
      const devtools = await context.newCDPSession(page);
      const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: 80, captureBeyondViewport: true });
      writeFileSync(join(OUT, `${name}-${width}-${theme}.webp`), Buffer.from(data, "base64"));
      await devtools.detach();
    };
    await shoot("login", "/login");
    await page.goto(`${ADMIN_URL}/login`);
    await page.fill("#email", email);
    await page.fill("#password", password);
    await page.click("button.primary");
    await page.waitForURL(`${ADMIN_URL}/`);
    places ??= {
      session: await first(page, "/sessions?q=Amara", "tbody a[href^='/sessions/']"),
      job: await first(page, "/jobs", "a[href$='/discard']"),
      client: await first(page, "/settings/clients", "a[href$='/revoke']", 3),
      user: await first(page, "/settings/users", "a[href*='/leave']", 3),
    };
    places.connect ??= await consentPage();
    if (!places.student) {
      // A student who needs attention and has data to show.
      await page.goto(`${ADMIN_URL}/students?attention=yes`);
      const links = await page.locator("tbody a[href^='/students/']").evaluateAll(all => all.map(a => a.getAttribute("href")));
      places.other = links.at(-1).split("/")[2];
      for (const link of links) {
        await page.goto(ADMIN_URL + link);
        const skill = page.locator("a[href*='/skills/']");
        if ((await skill.count()) === 0) continue;
        places.student = link.split("/")[2];
        places.skill = (await skill.first().getAttribute("href")).split("/")[4];
        break;
      }
    }
    if (!places.receipt) {
      // What is due in the week after, and a student who left.
      const inDays = days => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
      const entries = [["kind-reminder", 7, "09:15", "Ask the family about the new book"],
        ["kind-call", 7, "22:45", "Before the test on fractions"], ["kind-call", 9, "15:30", "Wants to try long division"]];
      places.week = inDays(8);
      for (const [kind, days, time, note] of entries) {
        await page.goto(`${ADMIN_URL}/students/${places.student}`);
        await page.check(`#${kind}`);
        await page.fill("#call-at", `${inDays(days)}T${time}`);
        await page.fill("#call-reason", note);
        await page.click("button:has-text('Add to calendar')");
      }
      for (const student of [places.student, places.other]) {
        await page.goto(`${ADMIN_URL}/students/${student}`);
        for (const day of student === places.student ? [2, 4] : [1, 3, 7]) await page.check(`#call-day-${day}`);
        await page.click("button:has-text('Save regular calls')");
      }
      await page.goto(`${ADMIN_URL}/students?sort=-name`);
      const left = await page.locator("tbody a[href^='/students/']").first().getAttribute("href");
      await page.goto(`${ADMIN_URL}${left}`);
      const name = await page.textContent("h1");
      await page.goto(`${ADMIN_URL}${left}/erase`);
      await page.fill("#name", name);
      await page.selectOption("#asked_by", "guardian");
      await page.click("button:has-text('Erase')");
      places.receipt = new URL(page.url()).pathname.split("/")[3];
      // An import that can be undone.
      await page.goto(`${ADMIN_URL}/students/import`);
      await page.fill("#sheet", "name;grade;class\nRosa Lindqvist;4;4b\nMateo Rivas;4;4b\nIda Brandt;5;5a\n");
      await page.click("button:has-text('Show preview')");
      await page.click("button:has-text('Import 3 students')");
      places.undo = new URL(await page.locator("a:has-text('Undo this import')").evaluate(a => a.href)).pathname.split("/")[3];
    }
    const pages = {
      today: "/today",
      review: "/review",
      calendar: `/calendar?week=${places.week}`,
      "student-calendar": `/calendar?student=${places.student}&week=${places.week}`,
      overview: "/",
      sessions: "/sessions",
      session: `/sessions/${places.session}`,
      students: "/students",
      "students-attention": "/students?attention=yes",
      "student-new": "/students/new",
      student: `/students/${places.student}`,
      "student-edit": `/students/${places.student}/edit`,
      "student-skill": `/students/${places.student}/skills/${places.skill}`,
      class: "/students/class?strand=maths.fractions",
      "student-report": `/students/${places.student}/report`,
      "student-merge": `/students/${places.student}/merge?q=a`,
      "student-merge-compare": `/students/${places.student}/merge?with=${places.other}`,
      "student-erase": `/students/${places.student}/erase`,
      curriculum: "/curriculum",
      skill: "/curriculum/maths.number.place_value",
      "skill-new": "/curriculum/new",
      "skill-edit": "/curriculum/maths.number.place_value/edit",
      "curriculum-import": "/curriculum/import",
      "students-import": "/students/import",
      "students-undo-import": `/students/undo-import/${places.undo}`,
      analytics: "/analytics?by=grade&range=91",
      search: "/search?q=fractions",
      "search-said": "/search?q=half&said=tutor",
      jobs: "/jobs",
      job: `/jobs/${places.job}`,
      "jobs-discard": `/jobs/${places.job}/discard`,
      "jobs-decide": "/jobs/alike/retry?reason=it+killed+its+worker+three+times",
      "jobs-overhauls": "/jobs/overhauls",
      "settings-connections": "/settings/connections",
      "settings-organisation": "/settings/organisation",
      consents: "/consents",
      calls: "/calls",
      "student-disclosures": `/students/${places.student}/disclosures`,
      "settings-webhooks": "/settings/webhooks",
      "settings-clients": "/settings/clients",
      "settings-clients-revoke": `/settings/clients/${places.client}/revoke`,
      "settings-users": "/settings/users",
      "settings-users-leave": `/settings/users/${places.user}/leave?step=disabled`,
      "settings-tools": "/settings/tools",
      "session-erase": `/sessions/${places.session}/erase`,
      "settings-erasures": "/settings/erasures",
      "settings-erasure-receipt": `/settings/erasures/${places.receipt}`,
      "settings-audit": "/settings/audit",
      account: "/account",
      connect: places.connect,
      "second-factor": "/account/second-factor",
      setup: "/setup/a-link-of-an-invitation",
      missing: "/nowhere",
    };
    await shoot("student-app-code", pages.student, async () => {
      await page.click("summary:has-text('Give access to the app')");
      await page.click("button:has-text('Show a code')");
      await page.waitForSelector("#app-code");
    });
    for (const [name, path] of Object.entries(pages)) await shoot(name, path);
    await context.close();
  }
  await browser.close();
} finally {
  service.removeAllListeners("exit");
  const ended = new Promise(done => service.on("exit", done));
  service.kill("SIGINT");
  await ended;
  rmSync(data, { recursive: true, force: true });
}
