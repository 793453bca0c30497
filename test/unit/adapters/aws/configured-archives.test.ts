import {
  GetParameterCommand,
  GetParametersByPathCommand,
  ParameterNotFound,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import {
  createConfiguredArchives,
  type OpenArchive,
} from '../../../../src/adapters/aws/configured-archives.ts';
import type { ImagingArchive } from '../../../../src/ports/archive.ts';

const ssm = mockClient(SSMClient);
const archive = {} as ImagingArchive;
const openArchive = jest.fn<OpenArchive>();
const archives = createConfiguredArchives({
  client: new SSMClient({ region: 'eu-west-1' }),
  path: '/contourflow/archives',
  secrets: { credentials: async (id) => ({ username: `user of ${id}`, password: 'pw', webhookSecret: 'w' }) },
  openArchive,
});

beforeEach(() => {
  ssm.reset();
  openArchive.mockReset();
  openArchive.mockReturnValue(archive);
});

describe('configured archives', () => {
  it('opens an archive at its parameter with its sign-in, and hands on nothing else', async () => {
    ssm
      .on(GetParameterCommand, { Name: '/contourflow/archives/xnat' })
      .resolves({ Parameter: { Value: '{"baseUrl":"https://xnat.example.org","note":"x"}' } });
    expect(await archives.open('xnat')).toBe(archive);
    expect(openArchive).toHaveBeenCalledWith({
      baseUrl: 'https://xnat.example.org',
      username: 'user of xnat',
      password: 'pw',
    });
  });

  it('answers NotFound when the parameter is missing', async () => {
    ssm.on(GetParameterCommand).rejects(new ParameterNotFound({ message: 'none', $metadata: {} }));
    await expect(archives.open('xnat')).rejects.toMatchObject({
      code: 'NotFound',
      details: { archiveId: 'xnat' },
    });
    expect(openArchive).not.toHaveBeenCalled();
  });

  it.each([
    undefined,
    '',
    'https://xnat.example.org',
    '{}',
    '{"baseUrl":"ftp://xnat"}',
    '{"baseUrl":"file:///etc"}',
  ])('refuses the parameter value %j', async (Value) => {
    ssm.on(GetParameterCommand).resolves({ Parameter: { Value } });
    await expect(archives.open('xnat')).rejects.toMatchObject({ code: 'ConfigurationError' });
    expect(openArchive).not.toHaveBeenCalled();
  });

  it('passes on a refusal by SSM', async () => {
    ssm.on(GetParameterCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
    await expect(archives.open('xnat')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('lists the ids of all pages', async () => {
    ssm
      .on(GetParametersByPathCommand, { Path: '/contourflow/archives', NextToken: undefined })
      .resolves({ Parameters: [{ Name: '/contourflow/archives/a' }], NextToken: 'more' });
    ssm
      .on(GetParametersByPathCommand, { Path: '/contourflow/archives', NextToken: 'more' })
      .resolves({ Parameters: [{ Name: '/contourflow/archives/b' }] });
    expect(await archives.ids()).toEqual(['a', 'b']);
  });

  it('lists none when none is configured', async () => {
    ssm.on(GetParametersByPathCommand).resolves({});
    expect(await archives.ids()).toEqual([]);
  });
});
