import {
  CloudFormationClient,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { paginateGetParametersByPath, SSMClient } from '@aws-sdk/client-ssm';
import type { DeployedStack, Surroundings } from './cloudformation-values.ts';
import { STACKS } from './synthesise.ts';

/** How to reach the emulator, or an account. */
export interface DeploymentAddress {
  readonly endpoint?: string;
  readonly region: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** The six stacks as deployed, for `readPolicies`. */
export async function readDeployedStacks(address: DeploymentAddress): Promise<Record<string, DeployedStack>> {
  const client = new CloudFormationClient({ ...address });
  const entries = await Promise.all(
    STACKS.map(async (name) => {
      const StackName = `Contourflow-${name}`;
      const { TemplateBody } = await client.send(new GetTemplateCommand({ StackName }));
      const physicalIds: Record<string, string> = {};
      for await (const page of paginateListStackResources({ client }, { StackName })) {
        for (const { LogicalResourceId, PhysicalResourceId } of page.StackResourceSummaries ?? []) {
          if (LogicalResourceId && PhysicalResourceId) physicalIds[LogicalResourceId] = PhysicalResourceId;
        }
      }
      return [StackName, { template: JSON.parse(TemplateBody ?? ''), physicalIds }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/** Account, region and the names that the stacks left in SSM. */
export async function readSurroundings(
  address: DeploymentAddress,
  accountId = '000000000000',
): Promise<Surroundings> {
  const client = new SSMClient({ ...address });
  const parameters: Record<string, string> = {};
  for await (const page of paginateGetParametersByPath(
    { client },
    { Path: '/contourflow', Recursive: true },
  )) {
    for (const { Name, Value } of page.Parameters ?? []) {
      if (Name && Value !== undefined) parameters[Name] = Value;
    }
  }
  return { accountId, region: address.region, parameters };
}
