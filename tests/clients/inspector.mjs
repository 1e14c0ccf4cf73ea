// The official Inspector's command line: lists tools strictly, calls each, prints what was heard. Standard input says
// where, with which headers, and what to call. Some calls go at once: each is a process.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

const [cli, era] = process.argv.slice(2);
const { url, headers, calls } = JSON.parse(readFileSync(0));
const common = [cli, '--cli', url, '--transport', 'http'];
for (const [name, value] of Object.entries(headers)) common.push('--header', `${name}: ${value}`);
if (era) common.push('--protocol-era', era);

const inspect = (...args) =>
  new Promise((done) => {
    execFile(process.execPath, [...common, ...args], { timeout: 60_000 }, (error, stdout, stderr) =>
      done({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
const heard = { tools: [], answers: {} };
const listed = await inspect('--method', 'tools/list', '--strict');
if (listed.code === 0) {
  heard.tools = JSON.parse(listed.stdout).tools.map((tool) => tool.name);
  const waiting = Object.entries(calls);
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, args] = next;
      const pairs = Object.entries(args).flatMap(([key, value]) => ['--tool-arg', `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`]);
      const called = await inspect('--method', 'tools/call', '--tool-name', name, ...pairs);
      try {
        const { isError, content } = JSON.parse(called.stdout);
        heard.answers[name] = { isError: isError === true, text: content[0].text };
      } catch {
        heard.error = `${name}: ${called.code} ${called.stdout} ${called.stderr}`;
      }
    }
  };
  await Promise.all([work(), work()]);
} else {
  heard.error = `${listed.code} ${listed.stdout} ${listed.stderr}`;
}
console.log(JSON.stringify(heard));
