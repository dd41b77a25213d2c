/** Server reflection: tools such as grpcurl learn the service from the server itself. */
import { create, type DescFile, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Server } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { file_orderstream_v1_orders } from './generated/orderstream/v1/orders_pb.ts';

/** Adds reflection of the files of this API. Its health service is described by the same package. */
export function addReflection(server: Server): void {
  const files = [...withImports(file_orderstream_v1_orders)].map(({ proto }) => proto);
  const set = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: files }));
  new ReflectionService(loadFileDescriptorSetFromBuffer(Buffer.from(set))).addToServer(server);
}

/** The file after the files that it imports. */
function withImports(file: DescFile, seen = new Set<DescFile>()): Set<DescFile> {
  for (const imported of file.dependencies) withImports(imported, seen);
  return seen.add(file);
}
