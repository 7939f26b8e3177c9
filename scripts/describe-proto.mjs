// Writes the comments of proto/ from the descriptions of the schemas: node scripts/describe-proto.mjs [--check]
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from './proto/describe.mjs';
import { build } from './setup/build.mjs';
import { ROOT } from './setup/paths.mjs';
import { runStep } from './setup/progress.mjs';
import { SetupError } from './setup/run-command.mjs';

const FOLDER = join(ROOT, 'proto/biotune/v1');

/**
 * Describes the messages of proto/; builds first, because the schemas are read from dist/.
 *
 * @param {{ isCheck: boolean }} options isCheck: changes no file.
 * @throws {SetupError} when a field has no description, or a file would change that may not.
 */
export async function describeProto({ isCheck }) {
  await runStep(build);
  const { messageDescriptions } = await import(join(ROOT, 'dist/src/api/grpc/message-descriptions.js'));
  const messages = messageDescriptions();
  for (const name of readdirSync(FOLDER)) {
    const file = join(FOLDER, name);
    const before = readFileSync(file, 'utf8');
    const { text, undescribed } = describe(before, messages);
    if (undescribed.length > 0) throw new SetupError(`${name} has fields without a description: ${undescribed.join()}`);
    if (text === before) continue;
    if (isCheck) throw new SetupError(`${name} says otherwise than the schemas: run "npm run generate"`);
    writeFileSync(file, text);
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    await describeProto({ isCheck: process.argv.includes('--check') });
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    process.exitCode = 1;
  }
}
