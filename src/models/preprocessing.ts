import { Preprocessing } from '../contracts/training.ts';
import type { BundleConfig, ConfigObject } from './bundle-config.ts';

/**
 * Reads how a bundle prepares an image: voxel spacing from `Spacingd`, intensity window from
 * `ScaleIntensityRanged`, patch size from `SlidingWindowInferer.roi_size`.
 *
 * @throws InvalidModel naming what is missing or not a plain number.
 */
export function readPreprocessing(config: BundleConfig): Preprocessing {
  const spacing = component(config, 'Spacingd');
  const scaling = component(config, 'ScaleIntensityRanged');
  const inferer = component(config, 'SlidingWindowInferer');
  requireUnitRange(config, scaling);
  const parsed = Preprocessing.safeParse({
    spacingMm: config.resolve(spacing.pixdim),
    intensity: { lower: config.resolve(scaling.a_min), upper: config.resolve(scaling.a_max) },
    patchSize: config.resolve(inferer.roi_size),
  });
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw config.problem(
      `the preprocessing cannot be used: ${issues.slice(0, 5).join('; ')}; write plain numbers`,
    );
  }
  if (parsed.data.intensity.lower >= parsed.data.intensity.upper) {
    throw config.problem('ScaleIntensityRanged has a_min at or above a_max; exchange or correct them');
  }
  return parsed.data;
}

function component(config: BundleConfig, name: string): ConfigObject {
  const found = config.findTarget(name);
  if (!found) {
    throw config.problem(`no ${name} was found; the network's ${PURPOSE[name]} must be stated by one`);
  }
  return found;
}

const PURPOSE: Readonly<Record<string, string>> = {
  Spacingd: 'voxel spacing',
  ScaleIntensityRanged: 'intensity window',
  SlidingWindowInferer: 'patch size',
};

/** The trainer maps the window to 0..1 and clips; weights made for another range would be wrong. */
function requireUnitRange(config: BundleConfig, scaling: ConfigObject): void {
  const [low, high, clip] = ['b_min', 'b_max', 'clip'].map((name) => config.resolve(scaling[name]));
  if (low !== 0 || high !== 1 || clip !== true) {
    throw config.problem(
      `ScaleIntensityRanged maps to ${JSON.stringify(low)}..${JSON.stringify(high)} with clip ${JSON.stringify(clip)}; ` +
        'only 0..1 with clip true is supported',
    );
  }
}
