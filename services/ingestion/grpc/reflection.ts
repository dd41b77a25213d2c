/** Server reflection: tools such as grpcurl learn the service from the server itself. */
import { type DescFile, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { file_orderstream_v1_orders, Orders } from './generated/orderstream/v1/orders_pb.ts';

/** Adds reflection of this API. The library cannot describe a file with a map, such as that of the health service. */
export function addReflection(server: Server): void {
  const files = [...withImports(file_orderstream_v1_orders)].map(({ proto }) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, proto)),
  );
  // The package reads only the files of its argument.
  const described = { [Orders.typeName]: { fileDescriptorProtos: files } };
  const definition = described as unknown as ConstructorParameters<typeof ReflectionService>[0];
  new ReflectionService(definition).addToServer(server);
}

/** The files that a file imports, each before the files that import it, and the file itself. */
function withImports(file: DescFile, seen = new Set<DescFile>()): Set<DescFile> {
  for (const imported of file.dependencies) withImports(imported, seen);
  return seen.add(file);
}
