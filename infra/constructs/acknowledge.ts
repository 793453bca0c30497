import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Rule packs of cdk-nag that the templates are checked against. */
export type RulePack = 'AwsSolutions' | 'HIPAA.Security' | 'NIST.800.53.R5' | 'Serverless';

/** The two packs which share most of their rule names. */
export const COMPLIANCE_PACKS = ['HIPAA.Security', 'NIST.800.53.R5'] as const;

/**
 * Accepts a finding of a rule on this construct and everything in it.
 *
 * @param rule - name without its pack: `LambdaInsideVPC`.
 * @param reason - why the finding is right as it is; shown in the validation report.
 */
export function acknowledge(
  scope: IConstruct,
  packs: readonly RulePack[],
  rule: string,
  reason: string,
): void {
  Validations.of(scope).acknowledge(...packs.map((pack) => ({ id: `${pack}-${rule}`, reason })));
}

/** Accepts wildcards that were just granted: one finding per resource, named as the rule names it. */
export function acknowledgeWildcards(scope: IConstruct, resources: readonly string[], reason: string): void {
  const stack = Stack.of(scope);
  for (const resource of resources) {
    const flat = flatten(stack.resolve(resource));
    if (flat.includes('*')) acknowledge(scope, ['AwsSolutions'], `IAM5[Resource::${flat}]`, reason);
  }
}

/** How cdk-nag spells a resource in the id of a finding: references in angle brackets. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null) {
    const [[intrinsic, argument] = ['', undefined]] = Object.entries(value);
    if (intrinsic === 'Ref') return `<${String(argument)}>`;
    if (intrinsic === 'Fn::GetAtt' && Array.isArray(argument)) return `<${argument.join('.')}>`;
    if (intrinsic === 'Fn::Join' && Array.isArray(argument)) {
      const [delimiter, parts] = argument as [string, unknown[]];
      return parts.map(flatten).join(delimiter);
    }
  }
  return JSON.stringify(value);
}
