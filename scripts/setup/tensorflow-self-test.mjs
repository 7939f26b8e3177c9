// Run by tensorflow.mjs in a process of its own: a broken native library ends the process.
import { createRequire } from 'node:module';

const tf = createRequire(import.meta.url)('@tensorflow/tfjs-node');
const product = tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0];
if (product !== 11) throw new Error(`1·3 + 2·4 is 11, TensorFlow says ${product}`);
console.log(`libtensorflow ${tf.backend().binding.TF_Version}`);
