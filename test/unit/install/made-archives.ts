import { gzipSync } from 'node:zlib';

/** An entry of a tar archive as tests want it. */
export interface Entry {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** A file, if not given. */
  readonly type?: string;
  readonly link?: string;
}

/** A gzipped tar archive (POSIX.1-1988 "ustar"). */
export function tarGz(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ name, content = '', type = '0', link = '' }) => {
    const data = Buffer.from(content as Uint8Array);
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write(type, 156);
    header.write(link, 157);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
