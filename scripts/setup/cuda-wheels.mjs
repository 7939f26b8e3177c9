/** NVIDIA's wheels are for Linux x64 alone here. @param {string} name @param {string} version @param {number} mebibytes @param {string} sha256 */
const nvidia = (name, version, mebibytes, sha256) => ({
  /** The folder in the wheel, below `nvidia/`. */
  folder: name.replaceAll('-', '_'),
  /** @type {Record<string, import('./wheel.mjs').Wheel>} */
  wheels: {
    'linux-x64': {
      requirement: `nvidia-${name}-cu12==${version}`,
      tag: 'manylinux2014_x86_64',
      mebibytes,
      sha256,
    },
  },
});

/** The TensorFlow that can use a GPU. @type {Record<string, import('./wheel.mjs').Wheel>} */
export const TENSORFLOW_GPU = {
  'linux-x64': {
    requirement: 'tensorflow==2.19.1',
    tag: 'manylinux2014_x86_64',
    mebibytes: 615,
    sha256: '8e5524eb492160576e5eeea9bb472ddc653123503f2290f83123d5ac9545750e',
  },
};

/** The CUDA libraries that `tensorflow[and-cuda]==2.19.1` requires, in the versions that its metadata names. */
export const CUDA = [
  nvidia('cublas', '12.5.3.2', 346, 'ca070ad70e9fa6654084575d01bd001f30cc4665e33d4bb9fc8e0f321caa034b'),
  nvidia('cuda-cupti', '12.5.82', 13, 'bde77a5feb66752ec61db2adfe47f56b941842825b4c7e2068aff27c9d107953'),
  nvidia('cuda-nvcc', '12.5.82', 21, 'b03e545b8e8c3ce7ebcd7fc44063180ff52ff01d064ece2127ed90a04ef12cd0'),
  nvidia('cuda-nvrtc', '12.5.82', 24, '3dbd97b0104b4bfbc3c4f8c79cd2496307c89c43c29a9f83125f1d76296ff3fd'),
  nvidia('cuda-runtime', '12.5.82', 1, '3e79a060e126df40fd3a068f3f787eb000fa51b251ec6cd97d09579632687115'),
  nvidia('cudnn', '9.3.0.75', 550, '9ad9c6929ebb5295eb4a1728024666d1c88283373e265a0c5c883e6f9d5cd76d'),
  nvidia('cufft', '11.2.3.61', 184, '9a6e8df162585750f61983a638104a48c756aa13f9f48e19ab079b38e3c828b8'),
  nvidia('curand', '10.3.6.82', 54, '2823fb27de4e44dbb22394a6adf53aa6e1b013aca0f8c22867d1cfae58405536'),
  nvidia('cusolver', '11.6.3.83', 124, '93cfafacde4428b71778eeb092ec615a02a3d05404da1bcf91c53e3fa1bce42b'),
  nvidia('cusparse', '12.5.1.3', 207, '016df8e993c437e8301e62739f01775cba988fd5253cd4c64173f8e8d2f8e752'),
  nvidia('nccl', '2.23.4', 190, 'b097258d9aab2fa9f686e33c6fe40ae57b27df60cedbd15d139701bb5509e0c1'),
  nvidia('nvjitlink', '12.5.82', 20, 'f9b37bc5c8cf7509665cb6ada5aaa0ce65618f2332b7d3e78e9790511f111212'),
];
