import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';

const WRITE_LENGTH = 1 << 20;

/** Lines of text in a file of its own, read again by their number: 8 bytes of memory a line. */
export class LineFile {
  private readonly file: number;
  private offsets = new Float64Array(1024);
  private count = 0;
  private pending: Buffer[] = [];
  private pendingLength = 0;
  private written = 0;

  /** @param path Made here; `delete` removes it. */
  constructor(private readonly path: string) {
    this.file = openSync(path, 'wx+');
  }

  get length(): number {
    return this.count;
  }

  append(line: string): void {
    const bytes = Buffer.from(line);
    this.pending.push(bytes);
    this.pendingLength += bytes.length;
    if (this.count + 2 > this.offsets.length) {
      const longer = new Float64Array(this.offsets.length * 2);
      longer.set(this.offsets);
      this.offsets = longer;
    }
    this.count += 1;
    this.offsets[this.count] = this.written + this.pendingLength;
    if (this.pendingLength >= WRITE_LENGTH) this.flush();
  }

  /** @throws {RangeError} when there is no such line. */
  at(index: number): string {
    if (index < 0 || index >= this.count) throw new RangeError(`there is no line ${index} of ${this.count}`);
    this.flush();
    const [start = 0, end = 0] = this.offsets.subarray(index, index + 2);
    const bytes = Buffer.allocUnsafe(end - start);
    if (readSync(this.file, bytes, 0, bytes.length, start) !== bytes.length) {
      throw new Error(`${this.path} ends within line ${index}`);
    }
    return bytes.toString();
  }

  /** Writes what is pending, so that others can read the file. */
  flush(): void {
    if (this.pendingLength === 0) return;
    const bytes = Buffer.concat(this.pending);
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.file, bytes, done, bytes.length - done, this.written + done);
    }
    this.written += bytes.length;
    this.pending = [];
    this.pendingLength = 0;
  }

  delete(): void {
    closeSync(this.file);
    rmSync(this.path, { force: true });
  }
}
