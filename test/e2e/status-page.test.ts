import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { CHECKOUT } from '../../local/machine/layout.ts';
import { saveDataset } from '../../src/cli/wait-for.ts';
import { webUrl } from '../integration/machine.ts';
import { newProject, type TestProject } from '../integration/project.ts';
import { awaitCases, phantom, upload } from '../integration/sessions.ts';
import { DEFINITION_ID, defineDataset, launch, SPLIT } from '../integration/training.ts';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.ts';

const SUBJECTS = [1, 2, 4, 5];
const SCREENSHOT = join(CHECKOUT, '.cache/status-page.png');
const executablePath = findChromium();
const describeWithBrowser = executablePath ? describe : describe.skip;
const title = executablePath
  ? 'the status page'
  : 'the status page (skipped: no chromium, chromium-browser or google-chrome on PATH; set CHROMIUM_PATH)';

describeWithBrowser(title, () => {
  let project: TestProject;
  let runId: string;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    project = await newProject('status-page', { subscribed: false });
    const patients = SUBJECTS.map((subject) => phantom(subject));
    for (const patient of patients) await upload(project, patient);
    await awaitCases(
      project,
      patients.map(({ session }) => session),
      'ready',
    );
    await defineDataset(project);
    const datasetId = await saveDataset(project.owner, project.id, DEFINITION_ID, SPLIT);
    const dataset = await project.owner.call('getDataset', { project: project.id, datasetId });
    runId = await launch(project, dataset, project.modelVersionId, 'initial', 2);
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: [...CHROMIUM_ARGUMENTS] });
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    if (runId) await project.owner.call('stopRun', { project: project.id, runId }).catch(() => undefined);
  }, 30_000);

  const signIn = async (password: string): Promise<void> => {
    await page.getByLabel('User name').fill('owner');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };

  it('says in a sentence that a password is wrong', async () => {
    await page.goto(webUrl(project));
    await signIn('not the password');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toMatch(/incorrect.*password/i);
  }, 60_000);

  it('shows the cases, datasets, runs and models of a project after signing in', async () => {
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    const password = project.secrets.users.find(({ name }) => name === 'owner')?.password ?? '';
    await signIn(password);
    await page.getByLabel('Project').selectOption(project.id);
    const rowsOf = async (name: string): Promise<string[]> => {
      const section = page.getByRole('region', { name, exact: true });
      await section.locator('tbody tr').first().waitFor();
      return section.locator('tbody tr').allTextContents();
    };
    const cases = await rowsOf('Cases');
    expect(cases).toHaveLength(SUBJECTS.length);
    for (const subject of SUBJECTS) expect(cases.join()).toContain(phantom(subject).session);
    expect((await rowsOf('Datasets'))[0]).toContain('Liver, Spleen, Kidney');
    expect((await rowsOf('Runs'))[0]).toContain(runId);
    expect((await rowsOf('Models'))[0]).toContain(project.modelVersionId);
    expect(errors).toEqual([]);
    await page.screenshot({ path: SCREENSHOT, fullPage: true });
  }, 60_000);
});
