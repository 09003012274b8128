// Owns getting the text of the file: bounded, UTF-8, not empty. Each way to fail has one sentence with the next step.
import { closeSync, openSync, readSync } from 'node:fs';

const MAX_BYTES = 256 * 1024;

export type Text = { ok: true; text: string } | { ok: false; what: string; expected: string };

/** The text of `file`, read up to the cap, so that a wrong path to something endless does no harm. */
export function readText(file: string): Text {
  try {
    return decode(readBounded(file));
  } catch (error) {
    return explainReadError(error);
  }
}

/** The text that these bytes are, without a byte order mark. */
export function decode(bytes: Uint8Array): Text {
  if (bytes.length > MAX_BYTES) {
    return refuse('the file is larger than 256 kB', 'expected a configuration; is this the right file?');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('the file is not UTF-8', 'expected UTF-8; save it again with that encoding');
  }
  if (text.trim() === '')
    return refuse('the file is empty', 'expected accounts, sources and rules; copy statuswire.example.yaml to begin');
  return { ok: true, text };
}

function readBounded(file: string): Uint8Array {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(handle, bytes, length, bytes.length - length, null);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(handle);
  }
}

/** What an error of the file system means for the person who named the file. */
export function explainReadError(error: unknown): Text {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return refuse(
        'there is no such file',
        'expected a configuration; copy statuswire.example.yaml or name another with --config',
      );
    case 'EACCES':
    case 'EPERM':
      return refuse('the file may not be read', 'expected read permission for the user that runs Statuswire');
    case 'EISDIR':
      return refuse('this is a folder', 'expected a file; name the one inside it');
    default:
      return refuse(`the file cannot be read (${code ?? String(error)})`, 'expected a readable file');
  }
}

function refuse(what: string, expected: string): Text {
  return { ok: false, what, expected };
}
