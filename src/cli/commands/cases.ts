import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addListOptions, type ListOptions, listAll } from '../list-options.ts';
import { formatFields, formatTable, printResult } from '../output.ts';

export function register(program: Command, context: CliContext): void {
  const cases = program.command('cases').description('Prepared cases: list, review, retry.');
  addListOptions(cases.command('list').description('Cases, newest first.')).action((options: ListOptions) =>
    list(context, options),
  );
  cases
    .command('show')
    .argument('<case>')
    .description('One case: where it comes from, its files, why it needs a look.')
    .action((caseId: string) => show(context, caseId));
  cases
    .command('certificate')
    .argument('<case>')
    .description('The conversion certificate, as JSON.')
    .action(async (caseId: string) => {
      const [api, project] = await Promise.all([context.api(), context.project()]);
      const { certificate } = await api.call('getCertificate', { project, caseId });
      context.out(JSON.stringify(certificate, null, 2));
    });
  cases
    .command('accept')
    .argument('<case>')
    .description('You have looked: a case for review becomes ready.')
    .action(async (caseId: string) => {
      const [api, project] = await Promise.all([context.api(), context.project()]);
      const record = await api.call('acceptCase', { project, caseId });
      printResult(context, record, () => `case ${record.id} is ${record.state}`);
    });
  cases
    .command('retry')
    .argument('<case>')
    .description('Prepare its session again, after a fix.')
    .action(async (caseId: string) => {
      const [api, project] = await Promise.all([context.api(), context.project()]);
      const answer = await api.call('retryCase', { project, caseId });
      printResult(context, answer, () => `${answer.hinted} session(s) will be prepared again`);
    });
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const items = await listAll(options, (query) => api.call('listCases', { project }, query));
  printResult(context, items, () =>
    formatTable(
      ['case', 'state', 'subject', 'session', 'automation', 'why'],
      items.map((one) => [
        one.id,
        one.state,
        one.subject,
        one.session,
        `${one.automationId} v${one.automationVersion}`,
        one.problem ? `${one.problem.code}: ${one.problem.message}` : one.reasons.join('; '),
      ]),
    ),
  );
}

async function show(context: CliContext, caseId: string): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const one = await api.call('getCase', { project, caseId });
  printResult(context, one, () => {
    const fields = formatFields({
      case: one.id,
      state: one.state,
      session: `${one.archiveId}/${one.session}`,
      subject: one.subject,
      series: one.seriesDescription,
      contours: `${one.assessorId}, saved ${one.roiSavedAt}`,
      automation: `${one.automationId} v${one.automationVersion}`,
      'spacing mm': one.spacingMm?.join(' x '),
      units: one.units,
      'to look at': one.reasons.join('; '),
      problem: one.problem && `${one.problem.code} in ${one.problem.stage}: ${one.problem.message}`,
    });
    const files = one.resources.map(({ label, content, object }) => [label, content, object.sizeBytes]);
    return `${fields}\n\n${formatTable(['resource', 'content', 'bytes'], files)}`;
  });
}
