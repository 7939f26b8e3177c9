import { cpSync, existsSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { applyPatch } from './apply-patch.mjs';
import { CACHE, ROOT } from './paths.mjs';
import { PYTHON, platform } from './platform.mjs';
import { runCommand } from './run-command.mjs';
import { hashInputs } from './stamps.mjs';
import { WHEELS, downloadWheel, unpackWheel } from './wheel.mjs';

const ID = 'tensorflow';
/** Survives `npm ci`, which wipes node_modules. */
const RUNTIME = join(CACHE, 'tensorflow', '2.19.1');
const PACKAGE = join(ROOT, 'node_modules/@tensorflow/tfjs-node');
/** Adds graph functions, and lists of tensors, types and strings: training is some 1.3 times faster as functions. */
const PATCH = 'patches/@tensorflow+tfjs-node+4.22.0.patch';
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/**
 * The native TensorFlow under tfjs-node. Its addon uses only TensorFlow's stable C API, so it is compiled against the
 * libraries of the current Python wheel: those that the package would download itself are from 2022.
 *
 * @type {import('./progress.mjs').Step}
 */
export const tensorflow = {
  id: ID,
  title: 'TensorFlow 2.19.1 for Node',
  inputs: () => {
    const sources = ['binding', 'binding.gyp', 'package.json'].map(
      (name) => `node_modules/@tensorflow/tfjs-node/${name}`,
    );
    return hashInputs([...sources, PATCH], [platform, process.version.split('.')[0], WHEELS.tensorflow]);
  },
  isPresent: () =>
    existsSync(join(PACKAGE, 'lib/napi-v8/tfjs_binding.node')) &&
    [...LIBRARIES, 'libtensorflow.so'].every((name) => existsSync(join(PACKAGE, 'deps/lib', name))),
  run: async (report) => {
    if (!existsSync(RUNTIME)) await unpackRuntime(report);
    linkRuntime();
    patchSources();
    report('compiling the addon');
    await compileAddon();
    report('self-test');
    const answer = await runCommand(ID, process.execPath, [join(ROOT, 'scripts/setup/tensorflow-self-test.mjs')], {
      env: { TF_CPP_MIN_LOG_LEVEL: '2', TF_ENABLE_ONEDNN_OPTS: '1' },
      hint: 'The addon was built and does not work here. The processor must have AVX.',
    });
    return answer.trim().split('\n').at(-1);
  },
};

/** @param {(detail: string) => void} report */
async function unpackRuntime(report) {
  const wheel = await downloadWheel(ID, WHEELS.tensorflow, report);
  report('unpacking, 0.75 GB');
  const partial = `${RUNTIME}.partial`;
  rmSync(partial, { recursive: true, force: true });
  await unpackWheel(ID, wheel, ['tensorflow/libtensorflow_', 'tensorflow/include/'], partial);
  renameSync(join(partial, 'tensorflow'), RUNTIME);
  rmSync(partial, { recursive: true });
}

/** Lays the libraries out as tfjs-node's build expects them. */
function linkRuntime() {
  const deps = join(PACKAGE, 'deps');
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(join(deps, 'lib'), { recursive: true });
  symlinkSync(join(RUNTIME, 'include'), join(deps, 'include'));
  for (const name of LIBRARIES) linkFile(join(RUNTIME, name), join(deps, 'lib', name));
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

/** Starts from a copy of the stock sources each time, so a patch that changed needs no new `npm ci`. */
function patchSources() {
  const sources = join(PACKAGE, 'binding');
  const stock = join(PACKAGE, 'binding-stock');
  if (!existsSync(stock)) {
    cpSync(sources, `${stock}.partial`, { recursive: true });
    renameSync(`${stock}.partial`, stock);
  }
  // Removed first: the files may be links to those of another checkout.
  rmSync(sources, { recursive: true, force: true });
  cpSync(stock, sources, { recursive: true });
  applyPatch(join(ROOT, PATCH), PACKAGE);
}

async function compileAddon() {
  // Tarball, NodeSource and Docker images have Node's headers beside it; else node-gyp downloads them.
  const prefix = dirname(dirname(process.execPath));
  const hasHeaders = existsSync(join(prefix, 'include/node/node_api.h'));
  await runCommand(ID, 'npm', ['run', 'build-addon-from-source'], {
    cwd: PACKAGE,
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
