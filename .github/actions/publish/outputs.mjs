// Hands what `hippo publish -o json` has printed to the steps that follow, and shows it on the page of the run.
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';

const { RESULT, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY } = process.env;
const { id, channels } = JSON.parse(RESULT);
// A plan has channels, too, but nothing that is served yet.
const served = channels.filter(({ address }) => address !== undefined);
const outputs = { id, addresses: served.map(({ address }) => address).join('\n'), result: RESULT };
for (const [name, value] of Object.entries(outputs)) {
  // A mark that no value can hold: what follows it would be taken for another output.
  const end = randomUUID();
  appendFileSync(GITHUB_OUTPUT, `${name}<<${end}\n${value}\n${end}\n`);
}
const lines = served.map(({ name, address }) => `- ${name}: <${address}>`);
appendFileSync(GITHUB_STEP_SUMMARY, `### ${id}\n\n${lines.join('\n')}\n`);
