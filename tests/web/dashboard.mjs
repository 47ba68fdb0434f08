// Drives the demo's dashboard in a real browser: sign in, see the page move without a reload, open a record with a
// reason, enrol and revoke a device, at desk and phone width, by keyboard. Any broken expectation ends with exit 1.
// Usage: node dashboard.mjs URL NAME PASSWORD [FOLDER FOR PICTURES]
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [url, name, password, pictures] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 1200 }, timezoneId: "America/New_York" });
const page = await context.newPage();
const complaints = [];
page.on("pageerror", (error) => complaints.push(String(error)));
page.on("console", (message) => {
  // A refused sign-in answers 4xx on purpose, and the browser notes that.
  if (message.type() === "error" && !message.text().includes("status of 4")) complaints.push(message.text());
});
let passed = 0;
const step = async (what, run) => {
  await run();
  passed += 1;
  console.log(`ok - ${what}`);
};
const picture = async (file) => {
  if (pictures) await page.screenshot({ path: `${pictures}/${file}.png`, fullPage: true });
};
const heading = () => page.locator("h1").innerText();

await step("a stranger is sent to the door", async () => {
  await page.goto(url);
  assert.match(page.url(), /sign-in/);
});

await step("a wrong password opens nothing and says so", async () => {
  await page.fill("input[name=name]", name);
  await page.fill("input[name=password]", "not the password");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=alert]");
  assert.match(page.url(), /sign-in/);
});

await step("the supervisor signs in with the keyboard", async () => {
  await page.fill("input[name=name]", name);
  await page.fill("input[name=password]", password);
  await page.keyboard.press("Enter");
  await page.waitForURL(url);
  assert.match(await heading(), /day, \d+ /);
});

await step("safety, overdue and silent are all on the first page, with charts", async () => {
  const now = page.locator("section.now .count");
  for (const at of [0, 1, 2]) {
    assert.ok(Number(await now.nth(at).innerText()) > 0, `card ${at} is empty`);
  }
  assert.ok((await page.locator("figure svg").count()) >= 2);
  await picture("overview");
});

await step("the page moves without a reload", async () => {
  await page.evaluate(() => (window.untouched = true));
  const before = await page.locator("main").innerHTML();
  await page.waitForFunction((then) => document.querySelector("main").innerHTML !== then, before, { timeout: 150_000 });
  assert.equal(await page.evaluate(() => window.untouched), true);
});

await step("lists name patients by a code alone", async () => {
  await page.goto(new URL("/handoffs", url).href);
  const codes = await page.locator("tbody tr a.code").evaluateAll((links) => links.map((link) => link.lastChild.textContent));
  assert.ok(codes.length > 20);
  for (const code of codes) assert.match(code.trim(), /^[0-9A-F]{6}$/);
  await picture("handoffs");
});

await step("a record opens after a reason, and shows who said what when", async () => {
  await page.locator("tbody tr a.code").first().click();
  assert.equal(await page.locator(".line").count(), 0);
  await page.locator("input[name=reason][value=follow_up]").check();
  await page.locator("main form button").first().click();
  await page.waitForSelector(".line");
  assert.ok((await page.locator(".line").count()) > 3);
  await picture("record");
});

await step("two people's sentences stand side by side and can be settled", async () => {
  await page.goto(new URL("/review", url).href);
  await picture("review");
  const open = await page.locator("main a[href^='/handoffs/']").count();
  assert.ok(open > 0, "the demo leaves something to decide");
  await page.locator("main a[href^='/handoffs/']").first().click();
  await page.locator("input[name=reason][value=quality_review]").check();
  await page.locator("main form button").first().click();
  await page.waitForSelector(".both");
  await picture("two-sentences");
  await page.locator("form[action$='/settle'] button").first().click();
  await page.waitForSelector(".both");
  assert.match(await page.locator("main").innerText(), /Settled by/);
});

await step("a device is enrolled by a code that is shown as text and picture", async () => {
  await page.goto(new URL("/devices", url).href);
  await picture("devices");
  const enrol = page.locator("form[action='/devices']");
  if (!(await enrol.isVisible())) await page.locator("summary", { hasText: /enrol/i }).first().click();
  await enrol.locator("input[name=name]").fill("Test phone");
  await enrol.locator("input[name=person]").first().check();
  await enrol.locator("button").click();
  await page.waitForSelector("svg");
  assert.match(await page.locator("main").innerText(), /[A-Z2-9]{4}-[A-Z2-9]{4}/);
  await picture("code");
});

await step("a device is revoked after one question", async () => {
  await page.goto(new URL("/devices", url).href);
  await page.locator("a[href$='/revoke']").first().click();
  await page.locator("form[action$='/revoke'] button").click();
  await page.waitForLoadState();
  await page.goto(new URL("/devices", url).href);
  assert.match(await page.locator("main").innerText(), /revoked/);
});

await step("every page fits a phone's width", async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ["/", "/handoffs", "/work", "/safety", "/review", "/devices"]) {
    await page.goto(new URL(path, url).href);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(over <= 0, `${path} is ${over} px too wide`);
  }
  await page.goto(url);
  await picture("overview-narrow");
});

await step("signing out shuts the door, and what is open in another tab gives way to it", async () => {
  await page.setViewportSize({ width: 1440, height: 1000 });
  await page.goto(new URL("/handoffs", url).href);
  await page.locator("tbody tr a.code").first().click();
  await page.waitForURL(/handoffs\/[0-9a-f-]+$/);
  const other = await context.newPage();
  await other.goto(url);
  await other.locator("form[action='/sign-out'] button").click();
  // At the next news, or within a minute.
  await page.waitForURL(/sign-in\?next=%2Fhandoffs%2F/, { timeout: 120_000 });
  await page.goBack();
  assert.match(page.url(), /sign-in/);
  await other.goto(new URL("/handoffs", url).href);
  assert.match(other.url(), /sign-in/);
});

await step("nothing complained in the console", async () => assert.deepEqual(complaints, []));
await browser.close();
console.log(`${passed} passed, 0 failed`);
