/** Names that keep their capital letter at the beginning of a log message. */
const properNames = ['Kafka', 'MySQL', 'Redis'];
const plainBegin = new RegExp(`^([a-z]|\\$\\{|(${properNames.join('|')})\\b)`);

/** Whether a log message begins with a lower-case letter or a proper name. A placeholder may have any value. */
export function beginsPlainly(message: string): boolean {
  return plainBegin.test(message);
}
