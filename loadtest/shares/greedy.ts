/** The greedy caller, as a separate process: creates one kind of load until it is killed. */
import { connect } from 'node:net';
import type { Target } from '../client/job.ts';
import { jobOfChild } from '../frame/child.ts';
import { waysOf } from './ways.ts';

export interface GreedyJob {
  readonly target: Target;
  readonly token: string;
  readonly way: string;
  readonly orderId: string;
}

/** Maximum number of connections that open at the same time. */
const openingMax = 100;

const { target, token, way: wayName, orderId } = jobOfChild<GreedyJob>();
const way = waysOf(orderId).find(({ name }) => name === wayName)!;
let asked = Date.now() % 1_000_000_000;
let toOpen = way.connections;
let opening = 0;

process.once('disconnect', () => process.exit());
openMore();

function openMore(): void {
  while (toOpen > 0 && opening < openingMax) {
    toOpen--;
    opening++;
    open();
  }
}

function open(): void {
  const socket = connect({ ...target, noDelay: true });
  let isOpening = true;
  const opened = (): void => {
    if (isOpening) opening--;
    isOpening = false;
  };
  const ask = (): void => {
    const request = way.request(token, asked++);
    if (way.next === 'cut') socket.write(request, () => socket.destroy());
    else socket.write(request);
  };
  socket.once('connect', () => {
    opened();
    ask();
    openMore();
  });
  let isAnswered = false;
  socket.on('data', () => {
    if (way.next !== 'again' || isAnswered) return;
    // A response may arrive in parts. The parts of one turn of the event loop belong together.
    isAnswered = true;
    setImmediate(() => {
      isAnswered = false;
      ask();
    });
  });
  socket.on('error', () => undefined);
  socket.once('close', () => {
    opened();
    toOpen++;
    setImmediate(openMore);
  });
}
