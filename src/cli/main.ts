/* v8 ignore start -- runs in processes of its own only; test/unit/cli/main.test.ts starts it */
