import { format, resolveConfig } from 'prettier';

/** A file's text as `npm run check` wants it, so that it can be committed. @param {string} path @param {string} text */
export const formatted = async (path, text) => format(text, { ...(await resolveConfig(path)), filepath: path });
