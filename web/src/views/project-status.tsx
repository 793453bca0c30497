import type { ResponseOf } from '../../../src/contracts/api.ts';
import type { CallApi } from '../api/client.ts';
import { usePolled } from '../api/use-polled.ts';
import { type Column, DataTable } from '../components/data-table.tsx';
import { StateBadge } from '../components/state-badge.tsx';

type Case = ResponseOf<'listCases'>['items'][number];
type Dataset = ResponseOf<'listDatasets'>['items'][number];
type RunDetail = ResponseOf<'getRun'>;
type ModelVersion = ResponseOf<'listModelVersions'>['items'][number];

const dice = (value: number | null | undefined) =>
  value === null || value === undefined ? '–' : value.toFixed(3);
const time = (iso: string) => new Date(iso).toLocaleString();
const short = (id: string) => <code title={id}>{id.slice(0, 12)}</code>;

const CASE_COLUMNS: Column<Case>[] = [
  { title: 'State', cell: (row) => <StateBadge state={row.state} /> },
  { title: 'Subject', cell: (row) => row.subject },
  { title: 'Session', cell: (row) => row.session },
  { title: 'Scan', cell: (row) => `${row.scanId ?? '–'} ${row.seriesDescription}` },
  { title: 'Automation', cell: (row) => `${row.automationId} v${row.automationVersion}` },
  {
    title: 'What to know',
    cell: (row) =>
      row.problem ? (
        <>
          <b>{row.problem.code}</b> {row.problem.message}
        </>
      ) : (
        row.reasons.join('; ')
      ),
  },
  { title: 'Updated', cell: (row) => time(row.updatedAt) },
];

const DATASET_COLUMNS: Column<Dataset>[] = [
  { title: 'Dataset', cell: (row) => short(row.id) },
  { title: 'State', cell: (row) => <StateBadge state={row.state} /> },
  { title: 'Definition', cell: (row) => row.definitionId },
  { title: 'Cases', cell: (row) => row.items, numeric: true },
  {
    title: 'Subjects: training / validation / test',
    cell: (row) =>
      (['training', 'validation', 'test'] as const).map((p) => row.subjects[p]?.length ?? 0).join(' / '),
  },
  { title: 'Regions', cell: (row) => row.classes.map((c) => c.name).join(', ') },
  { title: 'Saved', cell: (row) => time(row.createdAt) },
];

const RUN_COLUMNS: Column<RunDetail>[] = [
  { title: 'Run', cell: ({ run }) => <code>{run.id}</code> },
  { title: 'State', cell: ({ run }) => <StateBadge state={run.state} /> },
  { title: 'Mode', cell: ({ run }) => run.mode },
  { title: 'From', cell: ({ run }) => run.modelVersionId },
  {
    title: 'Validation Dice',
    cell: ({ result }) => dice(result?.training.bestValidationDice),
    numeric: true,
  },
  {
    title: 'Test Dice per region',
    cell: ({ result }) =>
      result?.evaluation?.candidates[0]?.regions.map((r) => `${r.name} ${dice(r.meanDice)}`).join(', ') ??
      '–',
  },
  { title: 'What to know', cell: ({ run }) => run.reason ?? '' },
  { title: 'Started', cell: ({ run }) => (run.startedAt ? time(run.startedAt) : '–') },
];

const MODEL_COLUMNS: Column<ModelVersion>[] = [
  { title: 'Model version', cell: (row) => <code>{row.id}</code> },
  { title: 'State', cell: (row) => <StateBadge state={row.state} /> },
  { title: 'Network', cell: (row) => row.network.name },
  { title: 'Regions', cell: (row) => row.classes.map((c) => `${c.name}=${c.maskValue}`).join(', ') },
  {
    title: 'Comes from',
    cell: (row) => row.lineage.runId ?? (row.lineage.importedFrom ? 'imported bundle' : '–'),
  },
  {
    title: 'Test Dice per region',
    cell: (row) =>
      Object.entries(row.testDice)
        .map(([name, value]) => `${name} ${dice(value)}`)
        .join(', ') || '–',
  },
  { title: 'Created', cell: (row) => time(row.createdAt) },
];

async function askEverything(call: CallApi, project: string) {
  const [cases, datasets, runs, models] = await Promise.all([
    call('listCases', { project }, { limit: 200 }),
    call('listDatasets', { project }),
    call('listRuns', { project }),
    call('listModelVersions', { project }),
  ]);
  const details = await Promise.all(runs.items.map((run) => call('getRun', { project, runId: run.id })));
  return { cases: cases.items, datasets: datasets.items, runs: details, models: models.items };
}

/** Cases, datasets, runs and models of one project, asked for again every few seconds. */
export function ProjectStatus({ call, project }: { call: CallApi; project: string }) {
  const { data, error } = usePolled(project, () => askEverything(call, project));
  return (
    <>
      {error && (
        <p role="alert" className="problem">
          {error.message}
        </p>
      )}
      <DataTable
        title="Cases"
        rows={data?.cases ?? null}
        rowKey={(row) => row.id}
        columns={CASE_COLUMNS}
        empty="No case yet: save a contour in the viewer."
      />
      <DataTable
        title="Datasets"
        rows={data?.datasets ?? null}
        rowKey={(row) => row.id}
        columns={DATASET_COLUMNS}
        empty="No dataset yet: define one and save it once cases are ready."
      />
      <DataTable
        title="Runs"
        rows={data?.runs ?? null}
        rowKey={(row) => row.run.id}
        columns={RUN_COLUMNS}
        empty="No run yet: launch one on a saved dataset."
      />
      <DataTable
        title="Models"
        rows={data?.models ?? null}
        rowKey={(row) => row.id}
        columns={MODEL_COLUMNS}
        empty="No model yet: install a MONAI bundle zip."
      />
    </>
  );
}
