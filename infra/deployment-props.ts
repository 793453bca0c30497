import type { HandlerBundles } from './bundle-handlers.ts';
import type { DeploymentConfig } from './config.ts';

/** What every stack is built from. */
export interface DeploymentProps {
  readonly config: DeploymentConfig;
  readonly handlers: HandlerBundles;
  /** Root of the checkout: state machines, image sources and the built dashboard are read below it. */
  readonly root: string;
}
