import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { PARAMETERS } from '../../src/contracts/parameters.ts';

export type ParameterName = keyof typeof PARAMETERS;

const constructId = (name: ParameterName): string =>
  `${name.charAt(0).toUpperCase()}${name.slice(1)}Parameter`;

/** Leaves a name for later stacks, the CLI and the local machine. */
export function publishParameter(scope: Construct, name: ParameterName, value: string): void {
  new StringParameter(scope, constructId(name), {
    parameterName: PARAMETERS[name],
    stringValue: value,
    description: `Contourflow: ${name}`,
  });
}

/** A name that an earlier stack left; CloudFormation looks it up when it deploys, so synthesis needs no account. */
export function readParameter(scope: Construct, name: ParameterName): string {
  return StringParameter.valueForStringParameter(scope, PARAMETERS[name]);
}
