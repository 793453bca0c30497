import { S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { s3Client } from '../../local/machine/aws-clients.ts';
import { dataFolder } from '../../local/machine/layout.ts';
import { readMachineFile } from '../../local/machine/machine-file.ts';
import { PipelineError } from '../contracts/errors.ts';
import { PARAMETERS } from '../contracts/parameters.ts';
import type { CliContext } from './context.ts';

/** The data bucket: of the local machine when this data folder has one, otherwise of the AWS account. */
export async function uploadTarget(context: CliContext): Promise<{ s3: S3Client; bucket: string }> {
  const machine = await readMachineFile(dataFolder(context.dataFolder));
  if (machine?.deployment) return { s3: s3Client(machine), bucket: machine.deployment.dataBucket };
  const region = context.environment.region;
  if (region === null) {
    throw new PipelineError(
      'ConfigurationError',
      'there is no local machine in this data folder, and AWS_REGION is not set; run `contourflow up` or set it',
    );
  }
  const ssm = new SSMClient({ region });
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: PARAMETERS.dataBucket }));
  if (Parameter?.Value) return { s3: new S3Client({ region }), bucket: Parameter.Value };
  throw new PipelineError(
    'NotFound',
    `contourflow is not deployed in ${region}: ${PARAMETERS.dataBucket} is missing`,
  );
}
