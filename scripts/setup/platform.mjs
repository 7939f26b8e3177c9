/** As npm packages name it. */
export const platform = `${process.platform}-${process.arch}`;

/** pip downloads the native runtimes, and node-gyp needs Python. */
export const PYTHON = process.env['PYTHON'] ?? 'python3';
