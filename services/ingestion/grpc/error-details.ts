/**
 * Writes `google.rpc.Status` with ErrorInfo, RetryInfo and BadRequest, the error model of gRPC
 * (https://google.aip.dev/193). Clients have these types in their own libraries, so this service needs only their wire
 * format.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { FieldFault } from './problem.ts';

/** `ErrorInfo.domain` of every error of this API. */
const domain = 'orderstream';

export interface StatusDetails {
  /** The status code of gRPC. */
  readonly status: number;
  readonly message: string;
  /** The problem code. */
  readonly reason: string;
  readonly traceId: string;
  readonly fields: readonly FieldFault[];
  readonly retryAfterMs: number | null;
}

/** The bytes of a `google.rpc.Status`, for the trailer `grpc-status-details-bin`. */
export function encodeStatus(details: StatusDetails): Uint8Array {
  const writer = new BinaryWriter();
  // message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  writer.tag(1, WireType.Varint).int32(details.status);
  writer.tag(2, WireType.LengthDelimited).string(details.message);
  const add = (type: string, value: Uint8Array): void => {
    // message Any { string type_url = 1; bytes value = 2; }
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(`type.googleapis.com/google.rpc.${type}`);
    writer.tag(2, WireType.LengthDelimited).bytes(value);
    writer.join();
  };
  add('ErrorInfo', errorInfo(details));
  if (details.retryAfterMs !== null) add('RetryInfo', retryInfo(details.retryAfterMs));
  if (details.fields.length > 0) add('BadRequest', badRequest(details.fields));
  return writer.finish();
}

/** `message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }` */
function errorInfo({ reason, traceId }: StatusDetails): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string(reason);
  writer.tag(2, WireType.LengthDelimited).string(domain);
  writer.tag(3, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string('trace_id');
  writer.tag(2, WireType.LengthDelimited).string(traceId);
  return writer.join().finish();
}

/** `message RetryInfo { Duration retry_delay = 1; }` and `message Duration { int64 seconds = 1; int32 nanos = 2; }` */
function retryInfo(ms: number): Uint8Array {
  const seconds = Math.floor(ms / 1000);
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int64(seconds);
  writer.tag(2, WireType.Varint).int32(Math.floor((ms - seconds * 1000) * 1e6));
  return writer.join().finish();
}

/** `message BadRequest { repeated FieldViolation field_violations = 1; }`: field = 1, description = 2. */
function badRequest(fields: readonly FieldFault[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { field, description } of fields) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(field);
    writer.tag(2, WireType.LengthDelimited).string(description);
    writer.join();
  }
  return writer.finish();
}
