// Lists what a zip archive holds (APPNOTE.TXT 4.3.12 and 4.3.16; no Zip64).
import { readFile } from 'node:fs/promises';

/**
 * @param {string} path of the archive
 * @returns its files, with their sizes in bytes when unpacked
 */
export async function listZip(path) {
  const bytes = await readFile(path);
  const end = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  if (end < 0) throw new Error(`${path} is no zip archive.`);
  const files = [];
  for (let at = bytes.readUInt32LE(end + 16); files.length < bytes.readUInt16LE(end + 10);) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
      bytes.readUInt16LE(at + field),
    );
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    files.push({ name, size: bytes.readUInt32LE(at + 24) });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return files;
}
