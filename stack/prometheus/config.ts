/** The configuration of a local Prometheus. */

/** One process to scrape. */
export interface ScrapeTarget {
  /** The label `instance` of its series, for example `worker-1`. */
  readonly instance: string;
  /** Base address of its admin port, for example `http://127.0.0.1:19111`. */
  readonly adminUrl: string;
}

/** The folder with copies of the alert rules, relative to the configuration file. */
export const RULES_FOLDER = 'rules';
/** `ProcessDown` of ops/rules selects the processes by this label. */
const JOB = 'orderstream';

/**
 * The content of the configuration file. It is JSON, which is also YAML. Scrapes and rules run every
 * `everySeconds` seconds.
 */
export function prometheusConfig(targets: readonly ScrapeTarget[], everySeconds: number): string {
  const every = `${everySeconds}s`;
  const config = {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: [`${RULES_FOLDER}/*.yaml`],
    scrape_configs: [
      {
        job_name: JOB,
        static_configs: targets.map(({ instance, adminUrl }) => ({
          targets: [new URL(adminUrl).host],
          labels: { instance },
        })),
      },
    ],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
