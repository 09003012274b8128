// Reads the pages of the documentation as a test needs them: code blocks, tables, links and the anchors of headings.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** The text of a file of the checkout, by its path from there. */
export function readPage(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The files in a folder and below, by their paths from the checkout, sorted. */
export function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((file) => relative(root, join(file.parentPath, file.name)).replaceAll('\\', '/')).toSorted();
}

/** Every page that people read, by its path from the checkout. */
export function allPages(): readonly string[] {
  return ['README.md', 'CHANGELOG.md', ...filesBelow('docs').filter((name) => name.endsWith('.md'))];
}

/** The code blocks of a page in one language, in order. */
export function blocksOf(page: string, language: string): readonly string[] {
  const blocks = page.matchAll(/^```(\w*)\n([\s\S]*?)\n```$/gm);
  return [...blocks].flatMap(([, name, text]) => (name === language ? [text ?? ''] : []));
}

/** The cells of all tables below a heading (of any level), without their head lines; backquotes are left as they are. */
export function rowsUnder(page: string, heading: string): readonly (readonly string[])[] {
  const section = sectionOf(page, heading);
  return section
    .split('\n')
    .filter((line, i, lines) => line.startsWith('|') && !isRuler(line) && !isRuler(lines[i + 1] ?? ''))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

/** The text between a heading and the next one of its level or above. */
function sectionOf(page: string, heading: string): string {
  const start = page.split('\n').findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'));
  if (start < 0) throw new Error(`there is no heading "${heading}"`);
  const lines = page.split('\n').slice(start);
  const level = /^#+/.exec(lines[0] ?? '')?.[0].length ?? 1;
  const end = lines.findIndex((line, i) => i > 0 && (/^#+(?= )/.exec(line)?.[0].length ?? 7) <= level);
  return lines.slice(1, end < 0 ? undefined : end).join('\n');
}

function isRuler(line: string): boolean {
  return /^\|[-| :]+\|$/.test(line);
}

/** What is between single backquotes, outside of code blocks. */
export function codeIn(page: string): readonly string[] {
  return [...withoutBlocks(page).matchAll(/`([^`\n]+)`/g)].map(([, text]) => text ?? '');
}

/** Links of the page at `path` that lead nowhere: a file that is not there, or a heading that its page has not. */
export function brokenLinks(path: string): readonly string[] {
  const targets = [...withoutBlocks(readPage(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
  return targets.filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(path, target));
}

function leadsSomewhere(path: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const page = file === '' ? path : posix.join(posix.dirname(path), file);
  if (!existsSync(join(root, page))) return false;
  return anchor === undefined || anchorsOf(readPage(page)).has(anchor);
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutBlocks(page).matchAll(/^#+ (.+)$/gm)) {
    const text = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '');
    const slug = text.trim().replaceAll(' ', '-');
    let anchor = slug;
    for (let times = 1; anchors.has(anchor); times++) anchor = `${slug}-${times}`;
    anchors.add(anchor);
  }
  return anchors;
}

function withoutBlocks(page: string): string {
  return page.replace(/^```[\s\S]*?^```$/gm, '');
}
