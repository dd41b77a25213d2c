/** Reads which metrics and labels a PromQL expression uses. It is no parser: it knows the forms of our rules. */

/** A metric of an expression, with its label matchers. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

const keywords = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'offset', 'bool']);
const grouping = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g;
/** A name that no parenthesis follows, with its matchers. The name of a function has one. */
const selector = /(?<![\w:.])([a-zA-Z_:][\w:]*)(?![\w:]*\s*\()(?:\{([^}]*)\})?/g;
const matcher = /(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g;

/** All selectors of the expression, in their order. */
export function selectorsOf(expression: string): Selector[] {
  const bare = expression.replaceAll(grouping, ' ').replaceAll(/\[[^\]]*\]/g, ' ');
  return [...bare.matchAll(selector)]
    .filter(([, name]) => !keywords.has(name!))
    .map(([, metric, matchers = '']) => ({
      metric: metric!,
      matchers: [...matchers.matchAll(matcher)].map(([, label, operator, value]) => ({
        label: label!,
        operator: operator!,
        value: value!,
      })),
    }));
}

/** The labels by which the expression groups or joins. */
export function groupingLabelsOf(expression: string): string[] {
  return [...expression.matchAll(grouping)].flatMap(([, labels]) =>
    labels!.split(',').map((label) => label.trim()),
  );
}
