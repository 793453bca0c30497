import { spawn } from 'node:child_process';

/** Opens the address in the user's browser; a machine without one is no failure, the address is printed anyway. */
export function openBrowser(url: string): void {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(program, [url], { stdio: 'ignore', detached: true });
  child.once('error', () => undefined);
  child.unref();
}
