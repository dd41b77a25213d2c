/**
 * Follows one order from a browser. `EventSource` cannot send a token, so this reads the stream with `fetch`.
 *
 *   for await (const order of followOrder(statusUrl, getToken)) show(order);
 *
 * The loop ends with the order's final state. It continues by itself after a lost connection or an expired token.
 */

/**
 * @param {string} statusUrl absolute URL from the answer to the placed order, with its ticket
 * @param {() => string | Promise<string>} getToken returns a valid token; it is called for each connection
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {AsyncGenerator<object>} each new version of the order
 * @throws {Error} with the problem's text if the API refuses the order, or refuses a new token twice
 */
export async function* followOrder(statusUrl, getToken, { signal } = {}) {
  const url = new URL(statusUrl);
  url.pathname += '/events';
  let lastId = '';
  let waitMs = 1_000;
  let refusedTokens = 0;
  for (;;) {
    const headers = { authorization: `Bearer ${await getToken()}`, accept: 'text/event-stream' };
    if (lastId !== '') headers['last-event-id'] = lastId;
    const answer = await fetch(url, { headers, signal }).catch((error) => {
      if (signal?.aborted) throw error;
      return null;
    });
    if (answer?.status === 204) return;
    if (answer?.status === 401 && refusedTokens === 0) {
      refusedTokens += 1;
      continue;
    }
    if (answer !== null && answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
      const { code, detail } = await answer.json();
      throw new Error(`${code}: ${detail}`);
    }
    if (answer?.ok) {
      refusedTokens = 0;
      for await (const event of readEvents(answer.body, signal)) {
        if (event.retry !== undefined) waitMs = event.retry;
        if (event.type !== 'order') continue;
        lastId = event.id;
        const order = JSON.parse(event.data);
        yield order;
        // This state has no version of its own, so a new request would return it again.
        if (order.status === 'DEAD_LETTERED') return;
      }
    }
    answer?.body?.cancel().catch(() => {});
    const retryAfterMs = Number(answer?.headers.get('retry-after') ?? 0) * 1000;
    await pause(Math.max(waitMs, retryAfterMs), signal);
  }
}

/**
 * The events of a stream (https://html.spec.whatwg.org/#parsing-an-event-stream). Ends without an error if the
 * connection breaks.
 */
async function* readEvents(body, signal) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (text + value).split('\n\n');
      text = parts.pop();
      for (const part of parts) yield readEvent(part);
    }
  } catch (error) {
    if (signal?.aborted) throw error;
  } finally {
    reader.cancel().catch(() => {});
  }
}

function readEvent(part) {
  const event = { type: 'message', id: '', data: '', retry: undefined };
  for (const line of part.split('\n')) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (name === 'event') event.type = value;
    else if (name === 'id') event.id = value;
    else if (name === 'data') event.data += value;
    else if (name === 'retry') event.retry = Number(value);
  }
  return event;
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
