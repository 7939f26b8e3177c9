// Run by tensorflow.mjs in a process of its own: a broken native library ends the process.
import { createRequire } from 'node:module';

const tf = createRequire(import.meta.url)('@tensorflow/tfjs-node');
const product = tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0];
if (product !== 11) throw new Error(`1·3 + 2·4 is 11, TensorFlow says ${product}`);
const { binding } = tf.backend();
if (typeof binding.createFunction !== 'function') throw new Error('the addon was compiled without its patch');
console.log(`libtensorflow ${binding.TF_Version}`);
