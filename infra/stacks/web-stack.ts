import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Aws, CustomResource, Duration, Stack } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { CustomResourceFunction } from '../constructs/custom-resource-function.ts';
import { Foundation } from '../constructs/foundation.ts';
import { readParameter } from '../constructs/parameter.ts';
import type { DeploymentProps } from '../deployment-props.ts';

/** The dashboard's files and its `config.json`, into the bucket of the api stack. */
export class WebStack extends Stack {
  constructor(scope: Construct, id: string, props: DeploymentProps) {
    super(scope, id, { description: 'Contourflow: files of the dashboard' });
    const foundation = new Foundation(this, 'Foundation', props);
    const webBucket = readParameter(this, 'webBucket');
    const uploader = new CustomResourceFunction(this, 'upload-web-assets', foundation);
    const source = new Asset(this, 'Source', { path: webFiles(props.root) });
    const bucketArn = `arn:aws:s3:::${webBucket}`;
    uploader.allow(['s3:GetObject'], [`${source.bucket.bucketArn}/${source.s3ObjectKey}`]);
    uploader.allow(['s3:ListBucket'], [bucketArn]);
    uploader.allow(
      ['s3:PutObject', 's3:DeleteObject'],
      [`${bucketArn}/*`],
      'the files of the dashboard, whatever the build names them',
    );
    const files = new CustomResource(this, 'Files', {
      serviceToken: uploader.function.functionArn,
      resourceType: 'Custom::ContourflowWebFiles',
      serviceTimeout: Duration.minutes(6),
      properties: {
        SourceBucket: source.s3BucketName,
        SourceKey: source.s3ObjectKey,
        WebBucket: webBucket,
        Config: this.toJsonString({
          apiBase: '/v1',
          cognitoUrl: props.config.signInUrl ?? `https://cognito-idp.${Aws.REGION}.amazonaws.com/`,
          userPoolClientId: readParameter(this, 'userPoolClientId'),
        }),
      },
    });
    // The permissions must be there before the files are, and until they are gone.
    files.node.addDependency(uploader);
  }
}

/** The built dashboard, or a page that says how to build it. */
function webFiles(root: string): string {
  const built = join(root, 'web', 'dist');
  return existsSync(join(built, 'index.html')) ? built : join(root, 'infra', 'unbuilt-web');
}
