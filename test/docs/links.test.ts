/** Owns the check that every link of the documentation to a place in this repository leads there. */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAllPages, root } from './pages.ts';
import type { Page } from './pages.ts';

/** Returns the anchor that a heading has on the page, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .trim()
    .replaceAll(/[^\p{L}\p{N}\-_ ]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = ({ text }: Page): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** Code in a line is no link, whatever it looks like. */
const linksOf = ({ text }: Page): string[] =>
  [...text.replaceAll(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));

const pages = readAllPages();
const byPath = new Map(pages.map((page) => [page.path, page]));

/** Returns what is wrong with a link, undefined where it leads somewhere. */
function faultOf(page: Page, link: string): string | undefined {
  const [file = '', anchor] = link.split('#');
  const path = file === '' ? page.path : posix.join(posix.dirname(page.path), file);
  if (!existsSync(join(root, path))) return `${page.path}: there is no ${path}`;
  if (anchor === undefined) return undefined;
  const target = byPath.get(path);
  return target !== undefined && anchorsOf(target).includes(anchor)
    ? undefined
    : `${page.path}: ${path} has no heading "${anchor}"`;
}

describe('links', () => {
  it('are found at all', () => expect(pages.flatMap(linksOf).length).toBeGreaterThan(50));

  it('lead to what is there', () => {
    const faults = pages.flatMap((page) => linksOf(page).map((link) => faultOf(page, link)));
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });
});
