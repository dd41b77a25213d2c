import type { Mechanism } from 'kafkajs';

const separator = '\u0001';

/** Reads the answer of the broker: four bytes with its length, then the answer itself. */
interface SaslAnswer {
  decode(raw: Buffer): Buffer;
  parse(answer: Buffer): void;
}

/** What kafkajs gives to a mechanism. Its types omit the form of the answer. */
interface Exchange {
  readonly saslAuthenticate: (step: {
    request: { encode(): Buffer };
    response: SaslAnswer;
  }) => Promise<unknown>;
}

/**
 * The mechanism OAUTHBEARER (RFC 7628) in place of kafkajs's own, which ignores the answer of the broker. A broker
 * refuses a token by an answer that is not empty. So kafkajs would treat the connection as logged in.
 *
 * @throws Error KafkaJSSASLAuthenticationError with the status that the broker names; never with the token
 */
export function oauthBearer(
  token: () => Promise<string>,
  extensions: readonly (readonly [name: string, value: string])[],
): Mechanism {
  const authenticationProvider = ({ saslAuthenticate }: Exchange) => ({
    async authenticate(): Promise<void> {
      const fields = [['auth', `Bearer ${await token()}`], ...extensions].map((pair) => pair.join('='));
      const message = Buffer.from([...['n,,', ...fields], '', ''].join(separator));
      const length = Buffer.alloc(4);
      length.writeInt32BE(message.length);
      await saslAuthenticate({
        request: { encode: () => Buffer.concat([length, message]) },
        response: { decode: (raw) => raw.subarray(4), parse: refuseAnswer },
      });
    },
  });
  return { mechanism: 'oauthbearer', authenticationProvider } as unknown as Mechanism;
}

/** An empty answer accepts the token. Any other answer is a JSON object with the status (RFC 7628, section 3.2.2). */
function refuseAnswer(answer: Buffer): void {
  if (answer.length === 0) return;
  const status = /"status"\s*:\s*"([a-z_]{1,40})"/.exec(answer.toString('utf8'))?.[1] ?? 'no status';
  // kafkajs would retry another error. Its own class has no message in its types.
  throw Object.assign(new Error(`the broker refuses the token of SASL OAUTHBEARER (${status})`), {
    name: 'KafkaJSSASLAuthenticationError',
    retriable: false,
  });
}
