/** The newest section of CHANGELOG.md, which a release names and dates. */

const heading = /^## (\d[^,\s]*), (.+)$/m;

/**
 * The changelog with its newest section as that of the release.
 *
 * @param date as `2026-11-30`
 * @throws Error if the newest section is released already, or says nothing
 */
export function releaseSection(changelog: string, version: string, date: string): string {
  const match = heading.exec(changelog);
  if (match === null) throw new Error('CHANGELOG.md has no section');
  const [line, name, state] = match;
  if (state !== 'not released yet') throw new Error(`the newest section, ${name}, was released on ${state}`);
  const body = changelog.slice(match.index + line.length).split(/^## /m)[0]!;
  if (!/^- /m.test(body)) throw new Error(`the section ${name} of CHANGELOG.md has no line`);
  return changelog.replace(line, `## ${version}, ${date}`);
}
