import { STAGE_ENV } from '../../src/contracts/env.ts';
import { ReadCatalogueInput, ReadCatalogueOutput } from '../../src/contracts/stages/save-dataset.ts';
import { readCatalogue } from '../../src/pipeline/read-catalogue.ts';
import { objects, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['read-catalogue']);
const ports = { records: records(env), objects: objects(env) };

export const handler = stageHandler('read-catalogue', ReadCatalogueInput, ReadCatalogueOutput, (input) =>
  readCatalogue(input, ports),
);
