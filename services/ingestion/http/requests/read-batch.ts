/**
 * Reads the body of a batch in two steps. A cheap pass finds its items. Then strict JSON and the schema check one
 * item at a time. A fault in an item affects only this item. A fault outside the items makes the whole batch fail.
 */
import type { FastifyRequest } from 'fastify';
import { pointerSegment } from '../../application/requests/json-pointer.ts';
import { BatchFrame, BatchItem } from '../../application/requests/order-request.ts';
import { type Check, compileCheck } from '../../application/requests/validation.ts';
import { batchOrdersMax } from '../../application/submit/place-order-input.ts';
import { type ItemText, splitBatch } from '../json/batch-items.ts';
import { describeSyntaxError, type JsonFault, parseStrictText, readUtf8 } from '../json/strict-json.ts';
import { findSyntaxError } from '../json/syntax-error.ts';
import { HttpProblem } from '../problems.ts';
import { bodyOf, requireJson, validationProblem } from './read-request.ts';

export interface BatchText {
  readonly text: string;
  readonly items: readonly ItemText[];
}

type BatchItemRead =
  | { readonly value: BatchItem; readonly problem: null }
  | { readonly value: null; readonly problem: HttpProblem };
export type ReadItem = (batch: BatchText, index: number) => BatchItemRead;

export interface BatchReader {
  /** The items as text. Throws a problem if the body does not have the form `{"orders":[…]}`. */
  split(request: FastifyRequest): BatchText;
  /** Reads one item. Throws the problem JSON_INVALID for the whole batch when the item is not JSON. */
  readItem: ReadItem;
}

/** An order may have 64 KiB. The rest is for its key and the member names. */
const itemBytesMax = 65 * 1024;
const itemTooLarge = 'An order may have at most 64 KiB, also within a batch.';
/** A larger body without items gets a general message, because parsing it would delay other requests. */
const explainedCharsMax = 64 * 1024;

export function createBatchReader(): BatchReader {
  const checkFrame = compileCheck(BatchFrame);
  const checkItem = compileCheck(BatchItem);
  return {
    split(request) {
      requireJson(request);
      const text = readUtf8(bodyOf(request));
      if (typeof text !== 'string') throw jsonProblem([text]);
      const items = splitBatch(text, batchOrdersMax);
      if (items === null) throw frameProblem(text, checkFrame);
      if (items.length > batchOrdersMax) {
        throw validationProblem([
          { pointer: '/orders', detail: `must not have more than ${batchOrdersMax} items` },
        ]);
      }
      return { text, items };
    },
    readItem({ text, items }, index) {
      const { from, survey } = items[index]!;
      const item = text.slice(from, survey.end);
      if (isTooLarge(item)) return { value: null, problem: new HttpProblem('BODY_TOO_LARGE', itemTooLarge) };
      const { value, faults } = parseStrictText(item, survey);
      if (value === undefined) throw notJson(text);
      const at = `/orders${pointerSegment(index)}`;
      if (faults.length > 0) {
        const problem = jsonProblem(faults.map(({ pointer, detail }) => ({ pointer: at + pointer, detail })));
        return { value: null, problem };
      }
      const checked = checkItem(value, at);
      if (checked.faults !== null) return { value: null, problem: validationProblem(checked.faults) };
      return { value: checked.value, problem: null };
    },
  };
}

function isTooLarge(item: string): boolean {
  // A character has at most three bytes of UTF-8, so small items need no count.
  return item.length * 3 > itemBytesMax && Buffer.byteLength(item) > itemBytesMax;
}

function frameProblem(text: string, check: Check<BatchFrame>): HttpProblem {
  if (text.length > explainedCharsMax) {
    return findSyntaxError(text) === null ? validationProblem([otherFrame]) : notJson(text);
  }
  const { value, faults } = parseStrictText(text);
  if (faults.length > 0) return jsonProblem(faults);
  return validationProblem(check(value).faults ?? [otherFrame]);
}

const otherFrame: JsonFault = {
  pointer: '',
  detail: 'must be an object whose only member is the array orders',
};

function notJson(text: string): HttpProblem {
  return jsonProblem([{ pointer: '', detail: describeSyntaxError(text) }]);
}

function jsonProblem(errors: readonly JsonFault[]): HttpProblem {
  return new HttpProblem('JSON_INVALID', errors[0]!.detail, { errors });
}
