import type { DescMessage } from '@bufbuild/protobuf';
import { Failure } from '../../application/common/failure.ts';
import { decode, encode } from '../messages/decode.ts';
import { Problem } from '../problem.ts';
import type { UnaryMethod, UnaryMethodOf } from './method.ts';

/** The method without its types: decodes the message, runs the method, and encodes its answer. */
export function unary<I extends DescMessage, O extends DescMessage>(
  method: UnaryMethodOf<I, O>,
): UnaryMethod {
  const { desc, run, ...rules } = method;
  return {
    ...rules,
    kind: 'unary',
    desc,
    async answer(call, bytes) {
      const { message, problem } = decode(desc.input, bytes);
      if (problem !== null) return problem;
      const answer = await run(call, message);
      return answer instanceof Failure || answer instanceof Problem ? answer : encode(desc.output, answer);
    },
  };
}
