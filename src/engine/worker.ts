/** A worker thread of the pool: opens jobs, does their tasks one after the other and reports each. */
import { parentPort } from 'node:worker_threads';
import { serveTasks } from './serve-tasks.ts';

if (parentPort !== null) {
  const port = parentPort;
  const handle = serveTasks((message, transfer) => port.postMessage(message, [...transfer]));
  port.on('message', handle);
}
