import type { z } from 'zod';
import { PipelineError } from '../../src/contracts/errors.ts';

/**
 * The function's environment, parsed once at cold start: the only place that reads it.
 *
 * @throws ConfigurationError naming every variable that is missing or wrong, not only the first
 */
export function loadEnv<S extends z.ZodType>(
  schema: S,
  // biome-ignore lint/style/noProcessEnv: the one place per process that may
  source: Readonly<Record<string, string | undefined>> = process.env,
): z.infer<S> {
  const parsed = schema.safeParse(source);
  if (parsed.success) return parsed.data;
  const names = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))].sort();
  throw new PipelineError(
    'ConfigurationError',
    `environment variables missing or wrong: ${names.join(', ')}; deploy the stack again`,
    { names },
  );
}
