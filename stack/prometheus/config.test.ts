import { expect, test } from 'vitest';
import { prometheusConfig } from './config.ts';

test('scrapes each process under its own name, in the job that ProcessDown selects', () => {
  const targets = [
    { instance: 'worker-1', adminUrl: 'http://127.0.0.1:19111' },
    { instance: 'worker-2', adminUrl: 'http://127.0.0.1:19112' },
  ];
  const config = JSON.parse(prometheusConfig(targets, 5));
  expect(config.scrape_configs).toEqual([
    {
      job_name: 'orderstream',
      static_configs: [
        { targets: ['127.0.0.1:19111'], labels: { instance: 'worker-1' } },
        { targets: ['127.0.0.1:19112'], labels: { instance: 'worker-2' } },
      ],
    },
  ]);
});

test('scrapes as often as it evaluates the rules', () => {
  const { global, rule_files: ruleFiles } = JSON.parse(prometheusConfig([], 2));
  expect(global).toEqual({ scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '2s' });
  expect(ruleFiles).toEqual(['rules/*.yaml']);
});
