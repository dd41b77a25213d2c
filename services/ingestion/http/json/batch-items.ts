/**
 * Finds the items of a batch in its text without parsing them. The caller then charges, bounds and parses each item
 * alone.
 */
import { type Survey, surveyValue } from './survey.ts';

export interface ItemText {
  readonly from: number;
  /** `survey.end` is the index after the item. */
  readonly survey: Survey;
}

const comma = 0x2c;
const head = /[ \n\r\t]*\{[ \n\r\t]*"orders"[ \n\r\t]*:[ \n\r\t]*\[/y;
const tail = /\][ \n\r\t]*\}[ \n\r\t]*$/y;

/**
 * The items of `{"orders":[…]}`. Null if the text has another form or no item. The items may be invalid JSON: all
 * are valid exactly if the whole text is valid. Stops after item `itemsMax + 1`.
 */
export function splitBatch(text: string, itemsMax: number): readonly ItemText[] | null {
  head.lastIndex = 0;
  if (!head.test(text)) return null;
  const hasEscapes = text.includes('\\');
  const items: ItemText[] = [];
  let from = head.lastIndex;
  let survey = surveyValue(text, from, hasEscapes);
  while (text.charCodeAt(survey.end) === comma) {
    items.push({ from, survey });
    if (items.length > itemsMax) return items;
    from = survey.end + 1;
    survey = surveyValue(text, from, hasEscapes);
  }
  if (items.length === 0 && text.slice(from, survey.end).trim() === '') return null;
  items.push({ from, survey });
  tail.lastIndex = survey.end;
  return tail.test(text) ? items : null;
}
