import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Fetches every file of a model version by presigned links, as any server without credentials could, and checks each.
 *
 * @param name `projects/{project}/models/{model}/versions/{number}`
 */
export async function fetchModel(rest, name, folder) {
  const [, , , model, , number] = name.split('/');
  const version = await rest.get(`/models/${model}/versions/${number}`);
  const { downloads } = await rest.get(`/models/${model}/versions/${number}/downloads`);
  const target = join(folder, model, number);
  for (const { path, url, sha256 } of downloads) {
    const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== sha256) throw new Error(`${path} has SHA-256 ${found}; ${sha256} was promised`);
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), bytes);
  }
  const weights = version.files.find(({ path }) => path.endsWith('.safetensors'));
  return { folder: target, weights, model, number };
}
