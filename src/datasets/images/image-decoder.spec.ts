import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage, inspectImage } from './image-decoder.js';

const plain = (widthPx: number, heightPx: number, background = '#c80a1e') =>
  sharp({ create: { width: widthPx, height: heightPx, channels: 3, background }, limitInputPixels: false });

const noise = (widthPx: number, heightPx: number) =>
  sharp(randomBytes(widthPx * heightPx * 3), { raw: { width: widthPx, height: heightPx, channels: 3 } });

/** RGB of the pixel at the given place of a decoded square. */
const pixelAt = (pixels: Uint8Array, sizePx: number, x: number, y: number) => [
  ...pixels.subarray((y * sizePx + x) * 3, (y * sizePx + x) * 3 + 3),
];

const unreadable = expect.objectContaining({ name: 'DomainError', reason: 'IMAGE_UNREADABLE' });

describe('inspectImage', () => {
  it.each(['jpeg', 'png', 'webp'] as const)('reads %s by its bytes', async (format) => {
    const bytes = await plain(40, 20).toFormat(format).toBuffer();
    expect(await inspectImage(bytes)).toMatchObject({ format, widthPx: 40, heightPx: 20, notes: [] });
  });

  it.each(['gif', 'tiff', 'avif'] as const)('refuses %s', async (format) => {
    const bytes = await plain(40, 20).toFormat(format).toBuffer();
    await expect(inspectImage(bytes)).rejects.toEqual(unreadable);
  });

  it('refuses SVG, also with a reference to a file', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><image href="file:///etc/passwd"/></svg>';
    await expect(inspectImage(Buffer.from(svg))).rejects.toEqual(unreadable);
    await expect(inspectImage(Buffer.from(`<?xml version="1.0"?>${svg}`))).rejects.toEqual(unreadable);
  });

  it('refuses HTML and says how the bytes start', async () => {
    await expect(inspectImage(Buffer.from('<html><body>404</body></html>'))).rejects.toThrow(/29 bytes.*3c68746d6c/);
  });

  it('refuses zero bytes', async () => {
    await expect(inspectImage(new Uint8Array(0))).rejects.toEqual(unreadable);
  });

  it('refuses random bytes after the JPEG magic', async () => {
    const bytes = Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), randomBytes(500)]);
    await expect(inspectImage(bytes)).rejects.toEqual(unreadable);
  });

  it.each([
    ['jpeg', 20],
    ['jpeg', 5000],
    ['png', 20],
    ['png', 5000],
    ['webp', 1],
    ['webp', 5000],
  ] as const)('refuses a %s that lacks its last %i bytes', async (format, missing) => {
    const bytes = await noise(101, 77).toFormat(format).toBuffer();
    await expect(inspectImage(bytes.subarray(0, -missing))).rejects.toEqual(unreadable);
  });

  it.each([0.05, 0.5, 0.9])('refuses a PNG with one flipped bit, at %d of its length', async (place) => {
    const bytes = await noise(301, 277).png().toBuffer();
    const index = Math.floor(bytes.length * place);
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    await expect(inspectImage(bytes)).rejects.toEqual(unreadable);
  });

  it.each([1, 3, 6, 8])('looks at every row of a truncated JPEG with orientation %i', async (orientation) => {
    const bytes = await noise(301, 77).withMetadata({ orientation }).jpeg({ progressive: true }).toBuffer();
    await expect(inspectImage(bytes)).resolves.toMatchObject({ format: 'jpeg' });
    await expect(inspectImage(bytes.subarray(0, -200))).rejects.toEqual(unreadable);
  });

  it('accepts 8 px a side and refuses 7 and 1', async () => {
    await expect(inspectImage(await plain(8, 8).png().toBuffer())).resolves.toMatchObject({ widthPx: 8 });
    for (const sidePx of [7, 1]) {
      const error = expect.objectContaining({
        reason: 'IMAGE_TOO_SMALL',
        message: expect.stringContaining('below 8 px'),
      });
      await expect(inspectImage(await plain(40, sidePx).png().toBuffer())).rejects.toEqual(error);
    }
  });

  it('refuses a side above 16384 px, naming it', async () => {
    const bytes = await plain(16_385, 8).png().toBuffer();
    await expect(inspectImage(bytes)).rejects.toThrow('is 16385x8 px, above 16384 px a side');
  });

  it('refuses more than 50 megapixels, naming the size and the bound', async () => {
    const bytes = await plain(10_001, 5_000).png().toBuffer();
    await expect(inspectImage(bytes)).rejects.toThrow('is 10001x5000 px, above 50000000 pixels');
  });

  it('gives the size after the EXIF orientation', async () => {
    const bytes = await plain(64, 48).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await inspectImage(bytes)).toMatchObject({ widthPx: 48, heightPx: 64, notes: ['ROTATED'] });
  });

  it('notes CMYK, 16 bits, alpha and animation', async () => {
    const cmyk = await plain(20, 20).toColourspace('cmyk').jpeg().toBuffer();
    const deep = await plain(20, 20).toColourspace('rgb16').png().toBuffer();
    const clear = await plain(20, 20).ensureAlpha(0.5).png().toBuffer();
    expect((await inspectImage(cmyk)).notes).toEqual(['CMYK']);
    expect((await inspectImage(deep)).notes).toEqual(['SIXTEEN_BIT']);
    expect((await inspectImage(clear)).notes).toEqual(['ALPHA']);
    expect((await inspectImage(await animation())).notes).toEqual(['ANIMATED']);
  });
});

/** WebP of two frames: 20x20 white, then black. */
function animation(): Promise<Buffer> {
  const frames = Buffer.concat([Buffer.alloc(1200, 255), Buffer.alloc(1200, 0)]);
  const raw = { width: 20, height: 40, channels: 3 as const, pageHeight: 20 };
  return sharp(frames, { raw })
    .webp({ loop: 0, delay: [100, 100], lossless: true })
    .toBuffer();
}

const COLOURS = new Map([
  ['R', [255, 0, 0]],
  ['G', [0, 255, 0]],
  ['B', [0, 0, 255]],
  ['W', [255, 255, 255]],
]);

describe('decodeImage', () => {
  // The four quarters as stored, by row. EXIF says where row 0 and column 0 lie; shown, all eight are R G over B W.
  it.each([
    [1, 'top, left', 'RGBW'],
    [2, 'top, right', 'GRWB'],
    [3, 'bottom, right', 'WBGR'],
    [4, 'bottom, left', 'BWRG'],
    [5, 'left, top', 'RBGW'],
    [6, 'right, top', 'GWRB'],
    [7, 'right, bottom', 'WGBR'],
    [8, 'left, bottom', 'BRWG'],
  ])('turns EXIF orientation %i (%s) upright', async (orientation, _, stored) => {
    const quarters = Array.from(stored).flatMap((colour) => COLOURS.get(colour) ?? []);
    const small = sharp(Buffer.from(quarters), { raw: { width: 2, height: 2, channels: 3 } });
    const bytes = await small.resize(64, 64, { kernel: 'nearest' }).withMetadata({ orientation }).png().toBuffer();
    const pixels = await decodeImage(bytes, 64);
    expect(pixelAt(pixels, 64, 8, 8)).toEqual(COLOURS.get('R'));
    expect(pixelAt(pixels, 64, 56, 8)).toEqual(COLOURS.get('G'));
    expect(pixelAt(pixels, 64, 8, 56)).toEqual(COLOURS.get('B'));
    expect(pixelAt(pixels, 64, 56, 56)).toEqual(COLOURS.get('W'));
  });

  it('gives 3 channels for grey', async () => {
    const grey = sharp(Buffer.alloc(400, 77), { raw: { width: 20, height: 20, channels: 1 } });
    const pixels = await decodeImage(await grey.toColourspace('b-w').png().toBuffer(), 32);
    expect(pixels).toEqual(new Uint8Array(32 * 32 * 3).fill(77));
  });

  it('gives 3 channels for a palette', async () => {
    const pixels = await decodeImage(await plain(20, 20, '#102030').png({ palette: true }).toBuffer(), 32);
    expect(pixels).toHaveLength(32 * 32 * 3);
    expect(pixelAt(pixels, 32, 9, 9)).toEqual([16, 32, 48]);
  });

  it('scales 16 bits to 8: mid-grey 32896 becomes 128', async () => {
    const grey = sharp(new Uint16Array(400).fill(32896), { raw: { width: 20, height: 20, channels: 1 } });
    const pixels = await decodeImage(await grey.toColourspace('grey16').png().toBuffer(), 32);
    expect(pixels).toEqual(new Uint8Array(32 * 32 * 3).fill(128));
  });

  it('converts CMYK to sRGB', async () => {
    const pixels = await decodeImage(await plain(40, 20).toColourspace('cmyk').jpeg().toBuffer(), 16);
    expect(pixels).toHaveLength(16 * 16 * 3);
    const [red = 0, green = 255, blue = 255] = pixelAt(pixels, 16, 8, 8);
    expect(red).toBeGreaterThan(180);
    expect(Math.max(green, blue)).toBeLessThan(60);
  });

  it('lays transparent pixels on white', async () => {
    const clear = sharp({ create: { width: 20, height: 20, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } });
    const pixels = await decodeImage(await clear.png().toBuffer(), 16);
    expect(pixels.every((value) => value === 255)).toBe(true);
  });

  it('takes the first frame of an animation', async () => {
    const pixels = await decodeImage(await animation(), 16);
    expect(pixels.every((value) => value === 255)).toBe(true);
  });

  it('does not apply an embedded colour profile, as PIL does not', async () => {
    const tagged = await plain(20, 20, '#c80a1e').withIccProfile('p3').png().toBuffer();
    const { data } = await sharp(tagged, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true });
    expect(pixelAt(await decodeImage(tagged, 16), 16, 8, 8)).toEqual([...data.subarray(0, 3)]);
    expect([...data.subarray(0, 3)]).not.toEqual([200, 10, 30]);
  });

  it('refuses half an image', async () => {
    const bytes = await noise(101, 77).jpeg().toBuffer();
    await expect(decodeImage(bytes.subarray(0, bytes.length >> 1), 64)).rejects.toEqual(unreadable);
  });
});
