// node tensorflow-self-test.mjs <npm package>: in a process of its own, since a broken native library ends the process.
import { createRequire } from 'node:module';

const [npmPackage = ''] = process.argv.slice(2);
const tf = createRequire(import.meta.url)(npmPackage);
const product = tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0];
if (product !== 11) throw new Error(`1·3 + 2·4 is 11, TensorFlow says ${product}`);
const { binding, isGPUPackage, isUsingGpuDevice } = tf.backend();
if (typeof binding.createFunction !== 'function') throw new Error('the addon was compiled without its patch');
const device = isUsingGpuDevice ? ', on a GPU' : ', and no GPU that it can use on this machine';
console.log(`libtensorflow ${binding.TF_Version}${isGPUPackage ? device : ''}`);
