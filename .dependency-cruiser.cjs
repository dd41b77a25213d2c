/** Boundaries between folders; the reasons are in ARCHITECTURE.md. Outside observers (cli, loadtest, tests) may use clients of their own. */
const only = (name, library, folder) => ({
  name,
  severity: 'error',
  comment: `Only ${folder} uses ${library}, so that it can be replaced there.`,
  from: { path: '^(services|topics|schemas)/', pathNot: `^${folder}/` },
  to: { path: `node_modules/${library}/` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'services-meet-on-topics',
      severity: 'error',
      comment: 'A service never imports another; what they share is a topic, a table or a folder of services/shared.',
      from: { path: '^services/(ingestion|worker|notification|reconciliation|projector|payments|scheduler|observer)/' },
      to: { path: '^services/(ingestion|worker|notification|reconciliation|projector|payments|scheduler|observer)/', pathNot: '^services/$1/' },
    },
    {
      name: 'shared-knows-no-service',
      severity: 'error',
      from: { path: '^services/shared/' },
      to: { path: '^services/(ingestion|worker|notification|reconciliation|projector|payments|scheduler|observer|orders-db|inspection)/' },
    },
    {
      name: 'orders-db-knows-no-service',
      severity: 'error',
      from: { path: '^services/orders-db/' },
      to: { path: '^services/(ingestion|worker|notification|reconciliation|projector|payments|scheduler|observer)/' },
    },
    {
      name: 'inspection-knows-no-service',
      severity: 'error',
      from: { path: '^services/inspection/' },
      to: { path: '^services/(ingestion|worker|notification|reconciliation|projector|payments|scheduler|observer)/' },
    },
    {
      name: 'ingestion-application-knows-no-protocol',
      severity: 'error',
      comment: 'application/ serves HTTP and gRPC. Its errors are data (common/failure.ts).',
      from: { path: '^services/ingestion/(application|problems)/', pathNot: '\\.test\\.ts$' },
      to: {
        path: [
          '^services/ingestion/(http|grpc)/',
          'node_modules/(fastify|@grpc|grpc-health-check|@bufbuild)/',
          '^(node:)?(https?|http2)$',
        ],
      },
    },
    {
      name: 'ingestion-protocols-do-not-meet',
      severity: 'error',
      comment: 'HTTP and gRPC stand on application/ alone, so that each can be switched off or removed.',
      from: { path: '^services/ingestion/(http|grpc)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^services/ingestion/(http|grpc)/', pathNot: '^services/ingestion/$1/' },
    },
    {
      name: 'ingestion-methods-use-the-application',
      severity: 'error',
      comment: 'A method reads a message, asks application/ and answers. It reaches no client library and no server.',
      from: { path: '^services/ingestion/grpc/methods/', pathNot: '\\.test\\.ts$' },
      to: {
        path: ['^services/', '^topics/', 'node_modules/(kafkajs|mysql2|ioredis|avsc|@grpc)/'],
        pathNot: [
          '^services/ingestion/(grpc|application|problems)/',
          '^services/domain/',
          '^services/shared/(ids|auth|personal-data)/',
        ],
      },
    },
    {
      name: 'ingestion-routes-use-the-application',
      severity: 'error',
      comment: 'A route reads a request, asks application/ and answers. It reaches no client library and no server.',
      from: { path: '^services/ingestion/http/routes/', pathNot: '\\.test\\.ts$' },
      to: {
        path: ['^services/', '^topics/', 'node_modules/(kafkajs|mysql2|ioredis|avsc)/'],
        pathNot: ['^services/ingestion/(http|application|problems)/', '^services/domain/', '^services/shared/log/'],
      },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'The domain has no input, output, clock or log. Time and ids are arguments.',
      from: { path: '^services/domain/', pathNot: ['\\.test\\.ts$', '^services/domain/testing/'] },
      to: { pathNot: ['^services/domain/', '^schemas/', '^services/shared/(errors|ids)/'] },
    },
    {
      name: 'schemas-import-nothing',
      severity: 'error',
      from: { path: '^schemas/', pathNot: ['\\.test\\.ts$', '^schemas/tools/'] },
      to: { pathNot: ['^schemas/', '^(node:)?(fs|path|url|crypto)$'] },
    },
    {
      name: 'topics-import-schemas-only',
      severity: 'error',
      from: { path: '^topics/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(services|cli|stack|loadtest|tests)/', pathNot: '^services/shared/(errors|kafka)/' },
    },
    { name: 'nobody-imports-main', severity: 'error', from: {}, to: { path: '(^|/)main\\.ts$' } },
    {
      name: 'product-knows-no-observer',
      severity: 'error',
      from: { path: '^(services|topics|schemas)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(cli|stack|loadtest|ops|tests)/' },
    },
    only('kafkajs-in-one-folder', 'kafkajs', 'services/shared/kafka'),
    only('mysql2-in-one-folder', 'mysql2', 'services/shared/mysql'),
    only('ioredis-in-one-folder', 'ioredis', 'services/shared/redis'),
    only('avsc-in-one-folder', 'avsc', 'services/shared/codec'),
    only('grpc-in-one-folder', '(@grpc|grpc-health-check|@bufbuild)', 'services/ingestion/(grpc|testing|tools)'),
    only('opentelemetry-in-one-folder', '@opentelemetry', 'services/shared/trace'),
    only('registry-in-one-folder', '@kafkajs/confluent-schema-registry', 'services/shared/codec'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(\\.stack|docs/samples)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
