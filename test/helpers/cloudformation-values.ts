/** A template as the CDK writes it, as far as names and policies need it. */
export interface TemplateDocument {
  readonly Parameters?: Readonly<Record<string, { readonly Type: string; readonly Default?: string }>>;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
}
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** A stack that was deployed: its template, and the name that each resource got. */
export interface DeployedStack {
  readonly template: TemplateDocument;
  /** Logical id -> physical id, as ListStackResources tells. */
  readonly physicalIds: Readonly<Record<string, string>>;
}

export interface Surroundings {
  readonly accountId: string;
  readonly region: string;
  /** Values of SSM parameters by name. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** `GetAtt` of the types whose ARN follows from their physical id. */
const ARNS: Readonly<Record<string, (id: string, place: string) => string>> = {
  'AWS::IAM::Role': (id, place) => `arn:aws:iam::${place.split(':')[1]}:role/${id}`,
  'AWS::Lambda::Function': (id, place) => `arn:aws:lambda:${place}:function:${id}`,
  'AWS::SQS::Queue': (id, place) => `arn:aws:sqs:${place}:${id.slice(id.lastIndexOf('/') + 1)}`,
  'AWS::S3::Bucket': (id) => `arn:aws:s3:::${id}`,
  'AWS::DynamoDB::Table': (id, place) => `arn:aws:dynamodb:${place}:table/${id}`,
  'AWS::Logs::LogGroup': (id, place) => `arn:aws:logs:${place}:log-group:${id}:*`,
  'AWS::KMS::Key': (id, place) => `arn:aws:kms:${place}:key/${id}`,
  'AWS::ECR::Repository': (id, place) => `arn:aws:ecr:${place}:repository/${id}`,
  'AWS::CodeBuild::Project': (id, place) => `arn:aws:codebuild:${place}:project/${id}`,
  'AWS::Events::Rule': (id, place) => `arn:aws:events:${place}:rule/${id.slice(id.lastIndexOf('|') + 1)}`,
};

/**
 * Evaluates a value of a template: `Ref`, `Fn::GetAtt` of ARNs, `Fn::Join`, `Fn::Sub`, `Fn::Select` and `Fn::Split`.
 *
 * @throws Error for another intrinsic function, a reference without a value, or an attribute that is not known.
 */
export function evaluate(value: unknown, stack: DeployedStack, surroundings: Surroundings): unknown {
  const again = (inner: unknown) => evaluate(inner, stack, surroundings);
  if (Array.isArray(value)) return value.map(again);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? ['', undefined];
  if (entries.length === 1 && (name === 'Ref' || name.startsWith('Fn::'))) {
    return evaluateIntrinsic(name, argument, stack, surroundings);
  }
  return Object.fromEntries(entries.map(([key, inner]) => [key, again(inner)]));
}

function evaluateIntrinsic(
  name: string,
  argument: unknown,
  stack: DeployedStack,
  surroundings: Surroundings,
): unknown {
  const again = (inner: unknown) => evaluate(inner, stack, surroundings);
  switch (name) {
    case 'Ref':
      return reference(String(argument), stack, surroundings);
    case 'Fn::GetAtt':
      return attribute(argument as [string, string], stack, surroundings);
    case 'Fn::Join': {
      const [delimiter, parts] = argument as [string, unknown];
      return (again(parts) as unknown[]).join(delimiter);
    }
    case 'Fn::Split': {
      const [delimiter, text] = argument as [string, unknown];
      return String(again(text)).split(delimiter);
    }
    case 'Fn::Select': {
      const [index, list] = argument as [number | string, unknown];
      return (again(list) as unknown[])[Number(index)];
    }
    case 'Fn::Sub':
      return String(Array.isArray(argument) ? argument[0] : argument).replace(/\$\{([^}]+)\}/g, (_, ref) =>
        String(reference(ref, stack, surroundings)),
      );
    default:
      throw new Error(`${name} is not evaluated here; add it to cloudformation-values.ts`);
  }
}

function reference(name: string, stack: DeployedStack, surroundings: Surroundings): string {
  const pseudo: Record<string, string> = {
    'AWS::AccountId': surroundings.accountId,
    'AWS::Region': surroundings.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
  };
  const parameter = stack.template.Parameters?.[name];
  const found =
    pseudo[name] ??
    (parameter?.Type.startsWith('AWS::SSM::Parameter::Value')
      ? surroundings.parameters[parameter.Default ?? '']
      : undefined) ??
    stack.physicalIds[name];
  if (found === undefined) throw new Error(`nothing is known of the reference ${name}`);
  return found;
}

function attribute(
  [logicalId, name]: [string, string],
  stack: DeployedStack,
  surroundings: Surroundings,
): string {
  const type = stack.template.Resources[logicalId]?.Type ?? '';
  const id = reference(logicalId, stack, surroundings);
  // State machines, job queues and job definitions have their ARN as physical id.
  if (name.endsWith('Arn') && id.startsWith('arn:')) return id;
  const arn = ARNS[type];
  if (name !== 'Arn' || !arn) {
    throw new Error(`the attribute ${name} of ${type} ${logicalId} is not known`);
  }
  return arn(id, `${surroundings.region}:${surroundings.accountId}`);
}
