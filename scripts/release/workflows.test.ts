import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly needs?: string;
  readonly 'runs-on': string;
  readonly 'timeout-minutes'?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly name: string;
  readonly on: object;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, '.github/workflows');
const scripts = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).scripts as object;
const stepFields = ['id', 'name', 'if', 'uses', 'run', 'with', 'env', 'working-directory', 'shell'];
const jobFields = ['needs', 'if', 'runs-on', 'timeout-minutes', 'permissions', 'outputs', 'env', 'steps'];

describe.each(readdirSync(folder))('the workflow %s', (file) => {
  const text = readFileSync(path.join(folder, file), 'utf8');
  const workflow = parse(text) as Workflow;
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps);

  it('has known fields only, and each step runs something', () => {
    expect(
      Object.keys(workflow).filter(
        (key) => !['name', 'on', 'permissions', 'concurrency', 'jobs'].includes(key),
      ),
    ).toEqual([]);
    for (const [, job] of jobs) {
      expect(Object.keys(job).filter((key) => !jobFields.includes(key))).toEqual([]);
      expect(job['timeout-minutes']).toBeGreaterThan(0);
    }
    for (const step of steps) {
      expect(Object.keys(step).filter((key) => !stepFields.includes(key))).toEqual([]);
      expect((step.uses === undefined) !== (step.run === undefined)).toBe(true);
    }
  });

  it('names each action by its commit, with the version as a comment', () => {
    const uses = text.split('\n').filter((line) => /^\s*(?:- )?uses:/.test(line));
    expect(uses.length).toBe(steps.filter((step) => step.uses !== undefined).length);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('names one action by one commit in all files', () => {
    const all = readdirSync(folder).flatMap((one) => [
      ...readFileSync(path.join(folder, one), 'utf8').matchAll(/uses: (\S+)@(\S+)/g),
    ]);
    const commits = new Map<string, Set<string>>();
    for (const [, action, commit] of all)
      commits.set(action!, (commits.get(action!) ?? new Set()).add(commit!));
    expect([...commits].filter(([, one]) => one.size > 1)).toEqual([]);
  });

  it('reads only, unless a job asks for more', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
  });

  it('puts no expression into a shell command, where its text would be run', () => {
    for (const step of steps) expect(step.run ?? '').not.toContain('${{');
  });

  it('runs scripts that package.json has', () => {
    const named = [...text.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map((match) => match[1]!);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('uses outputs of steps and jobs that exist', () => {
    for (const [, step, output] of text.matchAll(/\bsteps\.(\w+)\.outputs\.(\w+)/g)) {
      expect(
        steps.map(({ id }) => id),
        `${step}.${output}`,
      ).toContain(step);
    }
    for (const [, job, output] of text.matchAll(/\bneeds\.(\w+)\.outputs\.(\w+)/g)) {
      expect(Object.keys(workflow.jobs[job!]?.outputs ?? {})).toContain(output);
    }
  });
});

it('a release is tested, scanned, described and proposed for deployment', () => {
  const { jobs } = parse(readFileSync(path.join(folder, 'release.yaml'), 'utf8')) as Workflow;
  const text = JSON.stringify(jobs);
  for (const part of ['npm test', 'sbom', 'anchore/scan-action@', 'build-push-action@', 'gh pr create']) {
    expect(text).toContain(part);
  }
  expect(jobs['deploy']!.needs).toBe('image');
});
