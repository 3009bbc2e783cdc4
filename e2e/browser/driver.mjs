// Drives a Chromium: takes one JSON object a line on standard input, answers each with one on standard
// output, and ends with the input. Its argument is the folder that has playwright-core and axe-core.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const tools = createRequire(`${process.argv[2]}/node_modules/`);
const { chromium } = tools('playwright-core');
const axeSource = readFileSync(tools.resolve('axe-core/axe.min.js'), 'utf8');
const PATIENCE = 60_000;

const browser = await chromium.launch({
  executablePath: process.argv[3],
  // Tests run as root, and in namespaces of their own.
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});
let page;
let seen;
let answer;

const calls = {
  async open({ url, dark, width, height, status }) {
    await page?.context().close();
    answer = status;
    seen = { requests: [], complaints: [] };
    const context = await browser.newContext({
      colorScheme: dark ? 'dark' : 'light', viewport: { width, height }, reducedMotion: 'no-preference',
    });
    const opened = await context.newPage();
    const into = seen;
    opened.on('request', (request) => into.requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
    opened.on('console', (message) => into.complaints.push(`${message.type()}: ${message.text()}`));
    opened.on('pageerror', (error) => into.complaints.push(`uncaught: ${error.stack}`));
    if (status) {
      await opened.route('**/status.json', (route) => answer === 'abort'
        ? route.abort() : route.fulfill({ contentType: 'application/json', body: answer }));
    }
    await opened.goto(url, { timeout: PATIENCE });
    page = opened;
  },
  async answer({ status }) { answer = status; },
  async eval({ script }) { return await page.evaluate(script); },
  // Not `waitForFunction`, which evaluates in the page, where a policy may forbid it.
  async wait({ script }) {
    for (const begun = Date.now(); !await page.evaluate(script);) {
      if (Date.now() - begun > PATIENCE) {
        throw new Error(`not so after ${PATIENCE / 1000} s; the page has:\n${await page.innerText('body')}`);
      }
      await new Promise((done) => setTimeout(done, 50));
    }
  },
  async press({ key }) { await page.keyboard.press(key); },
  async type({ into, text }) { await page.locator(into).fill(text); },
  async motion({ reduced }) { await page.emulateMedia({ reducedMotion: reduced ? 'reduce' : 'no-preference' }); },
  async axe() {
    await page.evaluate(axeSource);
    const { violations, passes } = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
    return { passed: passes.length, violations: violations.map((one) => ({
      impact: one.impact, rule: one.id, nodes: one.nodes.map((node) => `${node.html.slice(0, 200)} ${node.failureSummary ?? ''}`),
    })) };
  },
  async shot({ path }) { await page.screenshot({ path }); },
  async seen() { return seen; },
};

console.log(JSON.stringify({ ok: browser.version() }));
for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    const { call, ...given } = JSON.parse(line);
    reply = { ok: await calls[call](given) ?? null };
  } catch (error) {
    reply = { error: String(error) };
  }
  console.log(JSON.stringify(reply));
}
await browser.close();
