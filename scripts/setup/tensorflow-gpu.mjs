import { chmodSync, existsSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CUDA, TENSORFLOW_GPU } from './cuda-wheels.mjs';
import { PYTHON, platform } from './platform.mjs';
import { runCommand } from './run-command.mjs';
import { hashInputs } from './stamps.mjs';
import {
  RUNTIME_MEMBERS,
  addonSources,
  buildAddon,
  isAddonPresent,
  packageFolder,
  runtimeFolder,
  testAddon,
} from './tensorflow-addon.mjs';
import { downloadWheel, unpackWheel } from './wheel.mjs';

const ID = 'tensorflow-gpu';
const PACKAGE = '@tensorflow/tfjs-node-gpu';
const RUNTIME = runtimeFolder('2.19.1-gpu');
/** Beside deps/lib: TensorFlow looks for CUDA, and for the compiler of its kernels, in `../nvidia` from its libraries. */
const NVIDIA = join(packageFolder(PACKAGE), 'deps/nvidia');

/**
 * The native TensorFlow under tfjs-node-gpu, and the CUDA libraries that it opens when it finds a GPU: what is left to
 * the machine is NVIDIA's driver.
 *
 * @type {import('./progress.mjs').Step}
 */
export const tensorflowGpu = {
  id: ID,
  title: 'TensorFlow 2.19.1 for Node, on NVIDIA GPUs',
  inputs: () => hashInputs(addonSources(PACKAGE), [platform, process.version.split('.')[0], TENSORFLOW_GPU, CUDA]),
  isPresent: () => isAddonPresent(PACKAGE) && CUDA.every(({ folder }) => existsSync(join(NVIDIA, folder))),
  run: async (report) => {
    if (!existsSync(RUNTIME)) await unpackRuntime(report);
    await buildAddon(ID, PACKAGE, RUNTIME, report);
    symlinkSync(join(RUNTIME, 'nvidia'), NVIDIA);
    report('self-test');
    await openLibraries();
    return testAddon(ID, PACKAGE);
  },
};

/** All is downloaded before anything is unpacked; then each wheel goes, for they are 2.3 GB. @param {(detail: string) => void} report */
async function unpackRuntime(report) {
  const partial = `${RUNTIME}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const parts = [
    { wheel: await downloadWheel(ID, TENSORFLOW_GPU, report), members: RUNTIME_MEMBERS },
    ...(await downloadCuda(report)),
  ];
  report('unpacking, 4 GB');
  for (const { wheel, members } of parts) await unpackWheel(ID, wheel, members, partial);
  renameSync(join(partial, 'nvidia'), join(partial, 'tensorflow/nvidia'));
  makeExecutable(join(partial, 'tensorflow/nvidia/cuda_nvcc/bin'));
  renameSync(join(partial, 'tensorflow'), RUNTIME);
  rmSync(partial, { recursive: true });
  for (const { wheel } of parts) rmSync(dirname(wheel), { recursive: true });
}

/** @param {(detail: string) => void} report */
async function downloadCuda(report) {
  const parts = [];
  for (const { folder, wheels } of CUDA) {
    // Libraries; and of nvcc the assembler and the device library, which TensorFlow compiles kernels with.
    const members = ['lib', 'bin', 'nvvm'].map((part) => `nvidia/${folder}/${part}/`);
    parts.push({ wheel: await downloadWheel(ID, wheels, report), members });
  }
  return parts;
}

/** Python's unpacking forgets it. @param {string} folder */
function makeExecutable(folder) {
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o755);
}

/** Opens every CUDA library, each alone, which needs no GPU: what one of them misses would else be seen on the GPU only. */
async function openLibraries() {
  const folders = CUDA.map(({ folder }) => join(NVIDIA, folder, 'lib')).filter((folder) => existsSync(folder));
  const script = `
import ctypes, glob, os, sys
for folder in sys.argv[1:]:
    for path in glob.glob(folder + '/*.so*'):
        child = os.fork()
        if child == 0:
            ctypes.CDLL(path)
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            sys.exit(path + ' cannot be opened')`;
  await runCommand(ID, PYTHON, ['-c', script, ...folders], {
    env: { LD_LIBRARY_PATH: folders.join(':') },
    hint: 'A CUDA library misses one of the system; zlib (zlib1g) is one that slim systems lack.',
  });
}
