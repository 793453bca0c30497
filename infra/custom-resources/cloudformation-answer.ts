/** What CloudFormation sends to the function behind a custom resource. */
export interface CustomResourceRequest {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  /** Presigned address that takes the answer. */
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Readonly<Record<string, unknown>>;
}

export interface CustomResourceAnswer {
  readonly physicalResourceId: string;
  /** Set: the deployment fails with this sentence. */
  readonly failure?: string;
  /** Attributes for `Fn::GetAtt`. */
  readonly data?: Readonly<Record<string, string>>;
}

type Addressed = Pick<CustomResourceRequest, 'ResponseURL' | 'StackId' | 'RequestId' | 'LogicalResourceId'>;

/**
 * Answers CloudFormation. Without an answer a deployment waits for an hour, so a refused one throws.
 *
 * @throws Error when CloudFormation does not take it.
 */
export async function answerCloudFormation(request: Addressed, answer: CustomResourceAnswer): Promise<void> {
  const response = await fetch(request.ResponseURL, {
    method: 'PUT',
    body: JSON.stringify({
      Status: answer.failure === undefined ? 'SUCCESS' : 'FAILED',
      Reason: answer.failure ?? 'done',
      PhysicalResourceId: answer.physicalResourceId,
      StackId: request.StackId,
      RequestId: request.RequestId,
      LogicalResourceId: request.LogicalResourceId,
      Data: answer.data ?? {},
    }),
  });
  if (!response.ok) {
    throw new Error(
      `CloudFormation refused the answer for ${request.LogicalResourceId}: HTTP ${response.status}`,
    );
  }
}
