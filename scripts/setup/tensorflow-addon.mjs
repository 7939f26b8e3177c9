import { cpSync, existsSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { applyPatch } from './apply-patch.mjs';
import { CACHE, ROOT } from './paths.mjs';
import { PYTHON } from './platform.mjs';
import { runCommand } from './run-command.mjs';

/** Adds graph functions, and lists of tensors, types and strings: training is some 1.3 times faster as functions. */
const PATCH = 'patches/@tensorflow+tfjs-node+4.22.0.patch';
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** What a wheel's libraries and headers are in it; the rest is Python. */
export const RUNTIME_MEMBERS = ['tensorflow/libtensorflow_', 'tensorflow/include/'];

/** Where a TensorFlow of this version is unpacked; survives `npm ci`, which wipes node_modules. @param {string} version */
export const runtimeFolder = (version) => join(CACHE, 'tensorflow', version);

/** @param {string} npmPackage */
export const packageFolder = (npmPackage) => join(ROOT, 'node_modules', npmPackage);

/** Files that a package's addon is compiled from. @param {string} npmPackage */
export const addonSources = (npmPackage) => [
  ...['binding', 'binding.gyp', 'package.json'].map((name) => `node_modules/${npmPackage}/${name}`),
  PATCH,
];

/** @param {string} npmPackage */
export function isAddonPresent(npmPackage) {
  const folder = packageFolder(npmPackage);
  return (
    existsSync(join(folder, 'lib/napi-v8/tfjs_binding.node')) &&
    [...LIBRARIES, 'libtensorflow.so'].every((name) => existsSync(join(folder, 'deps/lib', name)))
  );
}

/**
 * Compiles a package's addon, patched, against the libraries of a wheel. It uses only TensorFlow's stable C API, so it
 * need not be the TensorFlow of 2022 that the package would download itself.
 *
 * @param {string} step @param {string} npmPackage
 * @param {string} runtime The unpacked wheel.
 * @param {(detail: string) => void} report
 */
export async function buildAddon(step, npmPackage, runtime, report) {
  const folder = packageFolder(npmPackage);
  linkRuntime(folder, runtime);
  patchSources(folder);
  report('compiling the addon');
  await compileAddon(step, folder);
}

/** Runs a matrix product in a process of its own. @param {string} step @param {string} npmPackage @returns {Promise<string>} what it says. */
export async function testAddon(step, npmPackage) {
  const script = join(ROOT, 'scripts/setup/tensorflow-self-test.mjs');
  const answer = await runCommand(step, process.execPath, [script, npmPackage], {
    env: { TF_CPP_MIN_LOG_LEVEL: '2', TF_ENABLE_ONEDNN_OPTS: '1' },
    hint: 'The addon was built and does not work here. The processor must have AVX.',
  });
  return answer.trim().split('\n').at(-1) ?? '';
}

/** Lays the libraries out as tfjs-node's build expects them. @param {string} folder @param {string} runtime */
function linkRuntime(folder, runtime) {
  const deps = join(folder, 'deps');
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(join(deps, 'lib'), { recursive: true });
  symlinkSync(join(runtime, 'include'), join(deps, 'include'));
  for (const name of LIBRARIES) linkFile(join(runtime, name), join(deps, 'lib', name));
  symlinkSync('libtensorflow_cc.so.2', join(deps, 'lib/libtensorflow.so'));
  symlinkSync('libtensorflow_cc.so.2', join(deps, 'lib/libtensorflow.so.2.9.1'));
  symlinkSync('libtensorflow_framework.so.2', join(deps, 'lib/libtensorflow_framework.so'));
}

/** A hard link costs no disk, and a copy of node_modules alone stays whole. @param {string} from @param {string} to */
function linkFile(from, to) {
  try {
    linkSync(from, to);
  } catch {
    symlinkSync(from, to); // node_modules is on another file system
  }
}

/** Starts from a copy of the stock sources each time, so a patch that changed needs no new `npm ci`. @param {string} folder */
function patchSources(folder) {
  const sources = join(folder, 'binding');
  const stock = join(folder, 'binding-stock');
  if (!existsSync(stock)) {
    cpSync(sources, `${stock}.partial`, { recursive: true });
    renameSync(`${stock}.partial`, stock);
  }
  // Removed first: the files may be links to those of another checkout.
  rmSync(sources, { recursive: true, force: true });
  cpSync(stock, sources, { recursive: true });
  applyPatch(join(ROOT, PATCH), folder);
}

/** @param {string} step @param {string} folder */
async function compileAddon(step, folder) {
  // Tarball, NodeSource and Docker images have Node's headers beside it; else node-gyp downloads them.
  const prefix = dirname(dirname(process.execPath));
  const hasHeaders = existsSync(join(prefix, 'include/node/node_api.h'));
  await runCommand(step, 'npm', ['run', 'build-addon-from-source'], {
    cwd: folder,
    env: {
      npm_config_python: PYTHON,
      // Keeps libtensorflow_framework in the addon's list of libraries although only the other one refers to it.
      LDFLAGS: '-Wl,--no-as-needed',
      ...(hasHeaders ? { npm_config_nodedir: prefix } : {}),
    },
    hint: hasHeaders
      ? 'The compiler failed. It must know C++17 (g++ 8 or later).'
      : `Node's headers are not at ${prefix}/include/node, so node-gyp tried to download them. Install Node from its tarball, NodeSource or a node Docker image, or set npm_config_nodedir to a folder that holds include/node.`,
  });
}
