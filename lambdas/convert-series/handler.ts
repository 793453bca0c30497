import { STAGE_ENV } from '../../src/contracts/env.ts';
import { ConvertSeriesInput, ConvertSeriesOutput } from '../../src/contracts/stages/prepare-session.ts';
import { convertSeries } from '../../src/pipeline/convert-series.ts';
import { objects } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['convert-series']);
const ports = { objects: objects(env) };

export const handler = stageHandler('convert-series', ConvertSeriesInput, ConvertSeriesOutput, (input) =>
  convertSeries(input, ports),
);
